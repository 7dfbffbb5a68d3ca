"""Run by the interpreter that has Apache Otava: series as JSON on standard input, its alarms on standard output.

As one would use it night by night: after each night the whole series is analysed, with the options that Otava has by
itself, and a change point towards slower at a night that had none before is an alarm. Nothing of ours is imported:
this runs in an environment of its own.
"""

import json
import sys
from multiprocessing import Pool

from otava.series import AnalysisOptions, Metric, Series


def alarms(job):
    """After how many nights there was an alarm; nothing before night `first` is one."""
    values, first = job["values"], job["first"]
    known, found = slower(values[: first - 1]), []
    for nights in range(first, len(values) + 1):
        new = slower(values[:nights]) - known
        known |= new
        if new:
            found.append(nights)
            if job["until_found"]:
                break
    return found


def slower(values):
    """At which nights Otava sees a change point towards slower."""
    times = list(range(len(values)))
    series = Series("series", None, times, {"value": Metric(-1)}, {"value": values}, {})
    points = series.analyze(AnalysisOptions()).change_points["value"]
    return {int(point.index) for point in points if point.mean_after() > point.mean_before()}


if __name__ == "__main__":
    with Pool() as pool:
        json.dump(pool.map(alarms, json.load(sys.stdin), chunksize=8), sys.stdout)
