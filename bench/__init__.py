"""The benchmarks and the crash test: they run the real bot against the simulators."""
