"""Holding the table against what the carriers have, and settling the difference. Decision 40.

`judging` says what is wrong, from what the table and the carrier say; `looking` brings it both;
`mending` does what a finding asks for; `running` goes over all organizations and accounts.
"""
