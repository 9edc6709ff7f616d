"""Two records of the ERP are one company: found, judged by two people, joined, and taken apart again within a month."""
