"""What passes a limit is told: to the integration's owners by mail, to a program by webhook.

* `watches`: what is looked at, and the limits. Something new to watch registers there.
* `services`: one alert for each cause, with its own clock: raised, told again while it lasts, over.
* `words`: what a person reads.
* `delivery`: the outbox's topic "alerts": mail and webhook.
"""
