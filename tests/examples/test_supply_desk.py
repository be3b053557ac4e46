"""The supply desk's tables, routes and quotes, and what its supervisor makes of reports."""

from __future__ import annotations

import csv
from math import acos, cos, radians, sin

import pytest
from interlock.examples.supply_desk import seed
from interlock.examples.supply_desk.asks import Ask
from interlock.examples.supply_desk.moves import Delegate, Finish, Report, next_move
from interlock.examples.supply_desk.quotes import NoOffer, cheapest_split, cheapest_whole, landed_eur, quote
from interlock.examples.supply_desk.routes import Lane, NoRoute, cheapest
from interlock.examples.supply_desk.stockroom import TAKEN, Stockroom
from interlock.examples.supply_desk.tables import DATA, Tables
from interlock.examples.supply_desk.teams import take

ORDER = Ask.parse("order O-7 to Graz by 2026-03-20 on M-210: 5 x MOT-110; 9 x BRG-6204")
HELD = {"takes": {"BRG-6204": {"Graz": 9}}, "missing": {"MOT-110": 5}, "loads": {}}
OFFER = {"quotes": [{"supplier": "alpina", "lines": [{"part": "MOT-110", "quantity": 5}]}], "landed_eur": 900.0, "days": 6}


@pytest.fixture(scope="module")
def tables() -> Tables:
    return Tables.load()


def asked(*reports: Report) -> dict[str, str]:
    move = next_move(ORDER, reports)
    assert isinstance(move, Delegate)
    return move.asks


def ended(*reports: Report) -> Finish:
    move = next_move(ORDER, reports)
    assert isinstance(move, Finish)
    return move


@pytest.mark.parametrize("name", ["parts", "stock", "prices"])
def test_the_tables_are_those_that_the_seed_makes(name: str) -> None:
    assert (DATA / f"{name}.csv").read_text(encoding="utf-8") == seed.text(seed.tables()[name])


def test_the_tables_fit_together(tables: Tables) -> None:
    cities = {city for lane in tables.lanes for city in lane.ends}
    assert {supplier.city for supplier in tables.suppliers.values()} | set(seed.DEPOTS) <= cities
    assert all(set(supplier.prices) <= set(tables.stock) == set(tables.kg) for supplier in tables.suppliers.values())
    assert all(
        prices == sorted(prices, key=lambda row: (row[0], -row[1])) for s in tables.suppliers.values() for prices in s.prices.values()
    )
    assert all(lane.days > 0 and lane.eur_per_kg > 0 for lane in tables.lanes)


def test_the_kilometres_are_those_of_the_real_cities(tables: Tables) -> None:
    with (DATA / "cities.csv").open(encoding="utf-8", newline="") as file:
        places = {row["city"]: (radians(float(row["latitude"])), radians(float(row["longitude"]))) for row in csv.DictReader(file)}
    for lane in tables.lanes:
        (north, east), (other_north, other_east) = places[lane.ends[0]], places[lane.ends[1]]
        straight = 6371 * acos(sin(north) * sin(other_north) + cos(north) * cos(other_north) * cos(east - other_east))
        assert 1.0 < lane.km / straight < 1.75, lane


@pytest.mark.parametrize(
    "text", ["order O-1 to Graz by 2026-03-06 on M-210: 60 x BRG-6204", "route O-1 to Linz by 2026-03-05: 11.20 kg from Vienna"]
)
def test_an_ask_is_read_as_it_was_written(text: str) -> None:
    assert str(Ask.parse(text)) == text


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="asks for nothing"):
        Ask.parse("please send bearings")
    with pytest.raises(ValueError, match="'0 x BRG-6204' can't be read"):
        _ = Ask.parse("order O-1 to Graz by 2026-03-06: 0 x BRG-6204").lines


def test_a_part_that_stands_twice_is_added_up() -> None:
    assert Ask.parse("order O-1 to Graz by 2026-03-06: 2 x MOT-110; 3 x MOT-110").lines == {"MOT-110": 5}


def test_stock_is_taken_where_it_is_needed_first() -> None:
    assert take({"Graz": 4, "Linz": 2, "Vienna": 9}, 20, "Linz") == ({"Linz": 2, "Vienna": 9, "Graz": 4}, 5)
    assert take({}, 3, "Linz") == ({}, 3)


def test_the_cheapest_route_depends_on_the_days_that_are_left(tables: Tables) -> None:
    slow, fast = (cheapest(tables.lanes, "Vienna", "Linz", 100, days) for days in (2, 1))
    assert (slow.legs, fast.legs) == (("Vienna → Linz by rail",), ("Vienna → Linz by road",))
    assert slow.eur < fast.eur
    assert cheapest(tables.lanes, "Graz", "Graz", 5, 0).legs == ()


def test_the_cheapest_route_is_the_cheapest_of_all_ways() -> None:
    lanes = [Lane(("A", "B"), "road", 1, 1, 0.0, 10), Lane(("B", "C"), "road", 1, 1, 0.0, 10), Lane(("A", "C"), "road", 1, 1, 0.0, 25)]
    assert [cheapest(lanes, "A", "C", 1, days).eur for days in (2, 1)] == [20, 25]
    with pytest.raises(NoRoute, match="A to C takes 1 days at least, and 0 are left"):
        cheapest(lanes, "A", "C", 1, 0)
    with pytest.raises(NoRoute, match="no lane leads from A to Z"):
        cheapest(lanes, "A", "Z", 1, 99)


def test_a_quote_has_price_breaks_freight_and_duty(tables: Tables) -> None:
    few, many = (quote(tables, "aegean", Ask.parse(f"quote O-1 to Graz by 2026-04-20: {count} x BRG-6204")) for count in (99, 100))
    assert (few["lines"][0]["unit_eur"], many["lines"][0]["unit_eur"]) == (4.25, 3.72)
    assert many["duty_eur"] == round(372.0 * 0.037, 2)
    assert many["landed_eur"] == round(many["goods_eur"] + many["freight_eur"] + many["duty_eur"], 2)


def test_a_supplier_says_what_it_lacks_and_when_it_is_too_late(tables: Tables) -> None:
    offer = quote(tables, "aegean", Ask.parse("quote O-1 to Graz by 2026-03-10: 100 x BRG-6204; 2 x MOT-150"))
    assert offer["lines"] == []
    assert offer["without"] == {
        "MOT-150": "aegean does not sell it",
        "BRG-6204": "aegean is too late: Izmir to Graz takes 8 days at least, and 4 are left, 4 for handling",
    }


def test_a_split_may_do_what_no_supplier_can(tables: Tables) -> None:
    ask = Ask.parse("split O-1 to Graz by 2026-03-10: 700 x BRG-6204; 21 x VLV-40")
    quotes = [quote(tables, name, ask) for name in tables.suppliers]
    with pytest.raises(NoOffer, match="nobody has all of it in time"):
        cheapest_whole(quotes)
    split = cheapest_split(tables, quotes, ask)
    assert {offer["supplier"]: [line["part"] for line in offer["lines"]] for offer in split} == {
        "alpina": ["VLV-40"],
        "nordvik": ["BRG-6204"],
    }


def test_a_split_is_no_dearer_than_a_whole(tables: Tables) -> None:
    ask = Ask.parse("split O-1 to Vienna by 2026-03-18: 33 x VLV-32; 24 x MOT-150")
    quotes = [quote(tables, name, ask) for name in tables.suppliers]
    assert landed_eur(cheapest_split(tables, quotes, ask)) < landed_eur(cheapest_whole(quotes))


def test_the_first_thing_is_the_stock() -> None:
    assert asked() == {"inventory": "reserve O-7 to Graz by 2026-03-20: 5 x MOT-110; 9 x BRG-6204"}


def test_stock_that_another_order_took_meanwhile_is_looked_for_again() -> None:
    lost = Report("inventory", f"a step failed: it raised ValueError: 5 x MOT-110 at Graz {TAKEN}, 2 are left")
    assert asked(lost) == asked()


async def test_stock_is_held_as_a_whole_or_not_at_all(tables: Tables) -> None:
    room = Stockroom(tables)
    assert await room.hold_stock("O-1", {"MOT-110": {"Graz": 19, "Vienna": 1}}) == 2
    with pytest.raises(ValueError, match="1 x MOT-110 at Graz were taken meanwhile, 0 are left"):
        await room.hold_stock("O-2", {"MOT-110": {"Vienna": 1, "Graz": 1}})
    assert [lot[0] for lot in room.held] == ["O-1", "O-1"]


def test_suppliers_and_logistics_are_asked_at_once() -> None:
    both = asked(Report("inventory", "held", {**HELD, "loads": {"Linz": 1.5}}))
    assert both == {
        "suppliers": "quote O-7 to Graz by 2026-03-20: 5 x MOT-110",
        "logistics": "route O-7 to Graz by 2026-03-20: 1.50 kg from Linz",
    }


def test_an_offer_is_held_against_the_budget_and_then_stands() -> None:
    reports = [Report("inventory", "held", HELD), Report("suppliers", "alpina", OFFER)]
    assert asked(*reports) == {"finance": "check O-7 to Graz by 2026-03-20 on M-210: 900.00 EUR"}
    end = ended(*reports, Report("finance", "fine", {"sum_eur": 900.0, "ok": True}))
    assert (end.data["status"], end.data["bought"], end.data["arrives"]) == ("planned", {"alpina": {"MOT-110": 5}}, "2026-03-08")


def test_what_is_too_dear_is_asked_for_again_in_another_way() -> None:
    reports = [Report("inventory", "held", HELD), Report("suppliers", "alpina", OFFER)]
    over = Report("finance", "too little", {"sum_eur": 900.0, "ok": False})
    assert asked(*reports, over) == {"suppliers": "split O-7 to Graz by 2026-03-20: 5 x MOT-110"}
    again = Report("suppliers", "the same", OFFER)
    assert asked(*reports, over, again) == {"suppliers": "split O-7 to Graz by 2026-03-27: 5 x MOT-110"}
    cheaper = Report("suppliers", "aegean", {**OFFER, "landed_eur": 700.0})
    assert asked(*reports, over, again, cheaper) == {"finance": "check O-7 to Graz by 2026-03-20 on M-210: 700.00 EUR"}


def test_what_a_failed_team_says_decides_what_comes_next() -> None:
    held = Report("inventory", "held", HELD)
    late = Report("suppliers", "NoOffer: nobody offers MOT-110: alpina is too late: 4 days, nordvik does not sell it")
    unsold = Report("suppliers", "NoOffer: nobody offers MOT-110: alpina does not sell it, nordvik does not sell it")
    assert asked(held, late) == {"suppliers": "split O-7 to Graz by 2026-03-20: 5 x MOT-110"}
    assert ended(held, unsold).text == "O-7: refused, nobody sells MOT-110"
    unknown = Report("inventory", "a step failed: it raised LookupError: there is no part MOT-110")
    assert ended(unknown).text == "O-7: refused, there is no part MOT-110"
    assert ended(held, Report("suppliers", "alpina", OFFER), Report("finance", "there is no cost centre")).data["status"] == "refused"


def test_what_is_too_slow_from_a_depot_may_come_a_week_later() -> None:
    far = Report("inventory", "held", {**HELD, "missing": {}, "loads": {"Linz": 1.5}})
    assert asked(far, Report("logistics", "NoRoute: takes 1 days")) == {"logistics": "route O-7 to Graz by 2026-03-27: 1.50 kg from Linz"}


def test_what_lies_there_costs_nothing_and_asks_nobody() -> None:
    assert ended(Report("inventory", "held", {**HELD, "missing": {}})).data["total_eur"] == 0.0
