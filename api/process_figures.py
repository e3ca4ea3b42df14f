"""The figures of this process for Prometheus, by the names that its dashboards know, from `/proc/self` alone.

The collector of prometheus_client says nothing where `/proc/stat` is hidden, as the units do by `ProcSubset=pid`.
"""

import os
import resource
import time
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class ProcessFigures(Collector):
    """Memory, processor time, open files, and since when."""

    def __init__(self) -> None:
        ticks = int(_stat()[19])  # proc(5): starttime, the 22nd field; the name of the program and two more are gone
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
        self._began = round(time.time() - age, 2)  # once: a figure that moved with the clock would look like restarts

    def collect(self) -> Iterator[Metric]:
        """Yield what Prometheus expects of every process."""
        stat, used = _stat(), resource.getrusage(resource.RUSAGE_SELF)
        gauge = GaugeMetricFamily
        yield gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", float(stat[20]))
        resident = float(stat[21]) * resource.getpagesize()
        yield gauge("process_resident_memory_bytes", "Resident memory size in bytes.", resident)
        yield gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", self._began)
        spent = used.ru_utime + used.ru_stime
        yield CounterMetricFamily("process_cpu_seconds", "Total user and system CPU time spent in seconds.", spent)
        yield gauge("process_open_fds", "Number of open file descriptors.", len(os.listdir("/proc/self/fd")))
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        yield gauge("process_max_fds", "Maximum number of open file descriptors.", most)


def _stat() -> list[bytes]:
    with open("/proc/self/stat", "rb") as opened:
        return opened.read().rpartition(b")")[2].split()
