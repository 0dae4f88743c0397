"""Refusals as the API words them: always an array of {message, errorCode, fields?}."""

from __future__ import annotations

from collections.abc import Sequence


class ApiError(Exception):
    """One refusal: HTTP status, error code, sentence, and the fields it is about (None: the key is left out)."""

    def __init__(self, status: int, code: str, message: str, fields: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self) -> list[dict[str, object]]:
        """The array as single-row calls and queries answer it. NOT_FOUND puts the code first [recorded]."""
        if self.code == "NOT_FOUND":
            return [{"errorCode": self.code, "message": self.message}]
        entry: dict[str, object] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            entry["fields"] = list(self.fields)
        return [entry]

    def entry(self) -> dict[str, object]:
        """The error as collections answer it, under `statusCode`."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


def not_found() -> ApiError:
    """No such resource, or no such row."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def no_such_column(name: str, entity: str) -> ApiError:
    """A write named a field that the object lacks."""
    return ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {entity}")
