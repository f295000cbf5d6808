"""What bodies and queries may hold, as marshmallow schemas: whatever is not named here is refused."""
