"""A made-up project: what a night at a small web shop might be, sped up so that all of it happens within a minute.

Read it beside the screen: ``redengine-tui demo``. It is an ordinary project file and a good one to start from.
"""

import random
import sys
import time

from redengine import RedEngine
from redengine.args import Arg, Private, Return, Session, SimpleArg, TerminationFlag
from redengine.exc import TaskTerminationException

app = RedEngine()

# Session parameters: any task can take them.
app.params(shop="Fjord & Fell", currency="EUR", api_key=Private("not shown anywhere"))


@app.param("exchange_rate")
def get_exchange_rate():
    """A function argument: called each time a task that takes it runs."""
    return round(random.uniform(1.05, 1.15), 4)


@app.cond("shop is open")
def shop_is_open():
    """A condition of our own: open two minutes of every three."""
    return time.time() % 180 < 120


# A pipeline: each starts after the one before has succeeded, and takes what it returned.


@app.task("every 20 seconds")
def fetch_orders(shop=Arg("shop"), api_key=Arg("api_key")):
    """Fetch the new orders of the shop."""
    orders = [round(random.uniform(5, 250), 2) for _ in range(random.randint(2, 9))]
    print(f"{shop}: {len(orders)} new orders (signed in with a key of {len(api_key)} characters)")
    time.sleep(1.2)
    return orders


@app.task("after task 'fetch_orders'")
def convert_prices(orders=Return("fetch_orders"), rate=Arg("exchange_rate")):
    """Convert what was ordered into dollars."""
    print(f"1 EUR = {rate} USD")
    time.sleep(0.8)
    return [round(price * rate, 2) for price in orders]


@app.task("after task 'convert_prices'")
def report_sales(prices=Return("convert_prices"), currency=SimpleArg("USD")):
    """Report the sales of this round."""
    print(f"Sold for {sum(prices):.2f} {currency}")


# One that fails, and one that watches it.


@app.task("every 15 seconds & shop is open")
def charge_cards(batch=SimpleArg(3)):
    """Charge the cards of the customers; the bank is not always in the mood."""
    time.sleep(0.3)
    if random.random() < 0.6:
        print("The bank does not answer", file=sys.stderr)
        raise ConnectionError(f"bank.example: no answer for batch {batch}")
    return "charged"


@app.task("after task 'charge_cards' failed")
async def alert_on_call():
    """Tell whoever is on call."""
    print("Sent: charging cards failed")


# A long run: stop it with t.


@app.task("every 40 seconds", timeout="2 min", execution="thread")
def rebuild_search_index(stop=TerminationFlag()):
    """Rebuild the search index, step by step; it listens when it is asked to stop."""
    for step in range(25):
        if stop.is_set():
            raise TaskTerminationException(f"stopped at step {step} of 25")
        print(f"Step {step + 1} of 25")
        stop.wait(1)
    return "rebuilt"


# A command, conditions of time, and one that waits to be run by hand.

app.task("every 10 seconds", name="disk_space", command=["df", "-h", "/"], description="Look at how full the disk is.")
app.task("minutely", name="tidy", code="import gc\nreturn_value = gc.collect()", execution="thread")


@app.task("daily between 02:00 and 04:00 & ~time of week on Sunday")
def back_up():
    """Back everything up at night, but not on Sundays."""
    time.sleep(5)


@app.task("monthly on 1st | (weekly on Monday & daily after 07:00)")
def send_invoices():
    """Send the invoices."""


@app.task(name="reset_everything")
def reset_everything(session=Session()):
    """Run me with r: I have no condition of my own."""
    print(f"{len(session.tasks)} tasks, {len(session.returns)} of them have returned something")


@app.task("daily", disabled=True)
def old_newsletter():
    """Disabled: d enables it."""


if __name__ == "__main__":
    app.run()
