"""The answers: plain async functions, many in and many out, over canonical values."""
