"""A first Release for what runs in a namespace; `commands.init` calls it.

survey (workloads, Services, ConfigMaps, CronJobs -> what a Release could say of them)
    -> writing (a file with comments, that lint finds nothing in but what it says itself)
"""
