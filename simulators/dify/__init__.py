"""A Dify server to test and demonstrate against: the Service API of 0.15.8 and 1.16.1, scripted answers."""

from simulators.dify.app import DifySimulator

__all__ = ["DifySimulator"]
