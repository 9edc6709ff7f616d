"""Comparing both sides: what the ERP holds against what the portal holds, and a repair for each difference.

A comparison looks twice. The first look finds suspects: records that one side lacks or that say something else. Then
the feeds are read once more in the ordinary way, so that whatever was only on its way arrives, and the suspects alone
are looked at again. What still differs, and on which nothing is under way, is *drift*.

* `policies` compares two papers, and a confirmed promise with what stands, and knows no table.
* `mirror` says what the portal holds, as papers of the same kind.
* `running` is the comparison, `repairing` carries out what a person chose, `services` are the verbs of a drift.
* `rehearsing` is the dry run of a first sync: everything is read and refused as it would be, and nothing is kept.
"""
