"""Threads that run commands do not hear each other."""

import sys
from threading import Barrier, Thread

from cli.own_streams import Said, apart, own_streams


def test_what_threads_print_at_the_same_time_stays_apart() -> None:
    said: dict[int, Said] = {}
    together = Barrier(8)

    def speak(number: int) -> None:
        with apart() as written:
            for line in range(50):
                together.wait()
                print(f"{number}: {line}")
                print(f"{number} ünï", file=sys.stderr)
        said[number] = written[0]

    with own_streams():
        threads = [Thread(target=speak, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for number in range(8):
        assert said[number].out.splitlines() == [f"{number}: {line}" for line in range(50)]
        assert said[number].err == f"{number} ünï\n" * 50


def test_a_thread_without_streams_of_its_own_has_those_of_the_process(capsys: object) -> None:
    before = sys.stdin, sys.stdout, sys.stderr
    with own_streams():
        assert sys.stdout is not before[1] and sys.stdout.encoding == before[1].encoding
        with apart() as written:
            assert sys.stdin.read() == "" and not sys.stdin.isatty()
            sys.stdout.buffer.write(b"\xff")
    assert written == [Said("\\xff", "")]
    assert (sys.stdin, sys.stdout, sys.stderr) == before
