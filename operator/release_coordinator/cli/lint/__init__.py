"""What is wrong with a file before anybody applies it; `commands.lint` calls it.

file -> places (documents, and the line of each field)
     -> shapes (the schema and its rules, offline)
     -> advice with watching, clusterwide (what is legal and unwise, or cannot work)
     -> server (does what it names exist, may it be applied?) -> findings -> report
"""
