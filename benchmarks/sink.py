"""An SMTP server that takes everything: python sink.py PORT FILE. Writes "count seconds" (monotonic, of the last letter) to FILE."""

import asyncio
import sys
import time
from pathlib import Path


class Sink:
    def __init__(self, file: Path) -> None:
        self.file, self.count, self.last = file, 0, 0.0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        try:
            while line := await reader.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    self.count, self.last = self.count + 1, time.monotonic()
                writer.write(b"250 sink\r\n" if word != b"QUIT" else b"221 bye\r\n")
                if word == b"QUIT":
                    break
        finally:
            writer.close()

    async def report(self) -> None:
        while True:
            part = self.file.with_suffix(".part")
            part.write_text(f"{self.count} {self.last}")
            part.rename(self.file)
            await asyncio.sleep(0.05)


async def main(port: int, file: Path) -> None:
    sink = Sink(file)
    server = await asyncio.start_server(sink.talk, "127.0.0.1", port, limit=1 << 22)
    await asyncio.gather(server.serve_forever(), sink.report())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
