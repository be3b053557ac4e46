"""A store on a disk that fails and heals, as a service uses it: ``python failing_child.py FILE``.

It reads commands from its input, a line each, and answers each with a line of JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import interlock as il


def attempt(call: Any) -> Any:
    """What a call gave, or the code by which it was refused."""
    try:
        return call()
    except il.StoreError as error:
        return error.code


def main() -> None:
    store = il.Store(sys.argv[1])
    for line in sys.stdin:
        word, *rest = line.split()
        answer: Any = None
        match word:
            case "put":
                key, number = rest[0], int(rest[1])
                answer = attempt(lambda key=key, number=number: store.put("n", key, number, durable=True))
            case "get":
                answer = store.get("n", rest[0])
            case "stats":
                answer = [store.stats().revision, store.stats().committed]
            case "vacuum":
                answer = attempt(store.vacuum)
            case "close":
                answer = attempt(store.close)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
