"""What is refused is refused in one line."""

import pytest


def refusal(call, error=ValueError):
    """The line in which `call` is refused."""
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message and message.startswith("Expected"), message
    return message
