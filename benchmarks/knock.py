"""Sends signed webhooks over kept connections, as fast as they are answered: python knock.py HOST PORT PATH SECRET COUNT THREADS

Bodies are EasyPost's with one scan each, of the parcels B0000000 to B<COUNT - 1>. Prints one JSON object.
"""

import hashlib
import hmac
import json
import socket
import sys
import threading
import time
from datetime import UTC, datetime


def body(number: int, at: str) -> bytes:
    detail = {
        "status": "in_transit",
        "status_detail": "arrived_at_facility",
        "datetime": at,
        "message": "Scan",
    }
    tracker = {
        "object": "Tracker",
        "tracking_code": f"B{number:07}",
        "carrier": "DHL",
        "tracking_details": [detail],
    }
    return json.dumps({"id": f"evt_{number}", "object": "Event", "result": tracker}).encode()


def main(host: str, port: int, path: str, secret: str, count: int, threads: int) -> None:
    at = datetime.now(UTC).isoformat()
    bodies = [body(number, at) for number in range(count)]
    signed = [
        (raw, "hmac-sha256-hex=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest())
        for raw in bodies
    ]
    took: list[float] = []
    wrong: list[int] = []

    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n".encode()

    def knock(mine: list[tuple[bytes, str]]) -> None:
        door = socket.create_connection((host, port), timeout=30)
        answers = door.makefile("rb")
        for raw, signature in mine:
            began = time.perf_counter()
            rest = f"X-Hmac-Signature: {signature}\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
            door.sendall(head + rest + raw)
            status, length, kept = int(answers.readline().split()[1]), 0, True
            while (line := answers.readline().strip().lower()) != b"":
                if line.startswith(b"content-length:"):
                    length = int(line[15:])
                kept = kept and line != b"connection: close"
            answers.read(length)
            took.append(time.perf_counter() - began)
            if status != 200:
                wrong.append(status)
            if not kept:
                door = socket.create_connection((host, port), timeout=30)
                answers = door.makefile("rb")

    people = [threading.Thread(target=knock, args=(signed[at::threads],)) for at in range(threads)]
    began = time.perf_counter()
    for person in people:
        person.start()
    for person in people:
        person.join()
    seconds = time.perf_counter() - began
    took.sort()
    print(json.dumps({"accepted": count - len(wrong), "refused": len(wrong), "a_second": round(count / seconds, 1),
                      "p50_ms": round(took[len(took) // 2] * 1000, 1), "p95_ms": round(took[int(len(took) * 0.95)] * 1000, 1),
                      "most_ms": round(took[-1] * 1000, 1)}))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5]), int(sys.argv[6]))
