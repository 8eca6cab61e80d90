"""How much memory this process has used at most."""

import sys

MEGABYTE = 1 << 20

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    class _Counters(ctypes.Structure):
        _fields_ = (
            ("size", wintypes.DWORD),
            ("page_faults", wintypes.DWORD),
            ("peak_bytes", ctypes.c_size_t),
            ("others", ctypes.c_size_t * 7),
        )

    def peak_memory_mb() -> float:
        """Megabytes of the largest working set so far, libraries included."""
        counters = _Counters(size=ctypes.sizeof(_Counters))
        process = ctypes.windll.kernel32.GetCurrentProcess()
        handle = wintypes.HANDLE(process)
        ctypes.windll.psapi.GetProcessMemoryInfo(handle, ctypes.byref(counters), counters.size)
        return counters.peak_bytes / MEGABYTE
else:
    import resource

    # Linux counts in kilobytes, macOS in bytes.
    UNIT = 1 if sys.platform == "darwin" else 1024

    def peak_memory_mb() -> float:
        """Megabytes of the largest resident set so far, libraries included."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / MEGABYTE
