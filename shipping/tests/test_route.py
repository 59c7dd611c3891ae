"""The route: places by name, the stops, the map and the list that says the same."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.models import Location
from shipping.carriers.base import Reading
from shipping.models import LearnedTransit
from shipping.promise.silence import expected, key_of, silences
from shipping.route import draw
from shipping.route.draw import segments, svg
from shipping.route.outline import OUTLINES, Window, borders, land
from shipping.route.places import COUNTRY, REGION, TABLE, TOWN, find
from shipping.route.projection import HEIGHT, WIDTH, fitted, shortest_arc
from shipping.route.route import MOST, Town, plan
from shipping.tracking.record import record
from tests.factories import make_shipment

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
BERLIN, MUNICH, LYON = Town("Berlin", "", "DE"), Town("München", "", "DE"), Town("Lyon", "", "FR")
SUVA, HONOLULU = Town("Suva", "", "FJ"), Town("Honolulu", "HI", "US")


def scan(city="", country="DE", region="", status="in_transit"):
    return SimpleNamespace(city=city, country=country, region=region, status=status)


def words(route):
    return [(part, stop.words) for stop, part, _ in route.rows]


@pytest.mark.parametrize(
    ("city", "region", "country", "lat", "lon"),
    [
        ("MEMPHIS", "TN", "US", 35.1, -90.0),
        ("Portland", "ME", "US", 43.7, -70.3),
        ("Portland", "OR", "US", 45.5, -122.7),
        ("Köln", "", "DE", 50.9, 6.96),
        ("Koeln", "", "de", 50.9, 6.96),
        ("Cologne", "", "DE", 50.9, 6.96),
        ("東京都中央区銀座", "", "JP", 35.7, 139.7),
        ("القاهرة", "", "EG", 30.0, 31.2),
        ("São Paulo - SP", "", "BR", -23.5, -46.6),
        ("Leipzig Hub", "", "DE", 51.3, 12.4),
        ("Αθήνα region", "", "GR", 38.0, 23.7),
        ("London", "", "UK", 51.5, -0.1),
        ("LONDON", "ON", "CA", 43.0, -81.2),
    ],
)
def test_a_town_is_found_however_it_is_written(city, region, country, lat, lon):
    place = find(city, region, country)
    assert place.precision == TOWN
    assert abs(place.lat - lat) < 0.3 and abs(place.lon - lon) < 0.3


def test_an_unknown_town_falls_back_to_its_state_then_to_its_country_and_is_never_guessed():
    assert (find("Nowhereville", "SP", "BR").precision, find("Nowhereville", "SP", "BR").name) == (
        REGION,
        "São Paulo",
    )
    assert (find("Nowhereville", "", "BR").precision, find("Nowhereville", "", "BR").name) == (
        COUNTRY,
        "Brazil",
    )
    assert find("Berlin", "", "") is None
    assert find("Berlin", "", "XX") is None
    assert abs(find("", "", "FJ").lon) > 170, "the middle of Fiji lies at the antimeridian, not in Africa"


def test_the_files_are_small():
    assert TABLE.stat().st_size + OUTLINES.stat().st_size < 2_000_000


def test_the_stops_are_the_places_in_the_order_of_the_journey():
    told = [scan("BERLIN"), scan("LEIPZIG"), scan("LEIPZIG"), scan("NÜRNBERG")]
    route = plan(BERLIN, told, MUNICH)
    assert words(route) == [
        ("Sent from", "Berlin, DE"), ("Scanned", "Leipzig, DE"), ("Last seen here", "Nürnberg, DE"), ("Going to", "München, DE"),
    ]  # fmt: skip
    assert [stop.reached for stop in route.stops] == [True, True, True, False]
    arrived = plan(BERLIN, [*told, scan("München", status="delivered")], MUNICH, arrived=True)
    assert words(arrived)[-1] == ("Arrived", "München, DE")
    assert arrived.stops[-1].reached and len(arrived.stops) == 4


def test_before_its_first_scan_the_parcel_is_nowhere():
    route = plan(BERLIN, [scan("Leipzig", status="pre_transit")], MUNICH)
    assert route.here is None
    assert words(route) == [("Sent from", "Berlin, DE"), ("Going to", "München, DE")]


def test_a_place_that_is_drawn_in_the_middle_of_its_state_says_so():
    route = plan(None, [scan("Nowhereville", "BR", "SP")], None)
    assert words(route) == [("Last seen here", "Nowhereville, BR (shown in the middle of São Paulo)")]
    assert "shown in the middle of São Paulo" in svg(route, "m")


def test_a_loop_of_a_hundred_scans_keeps_its_start_and_its_last_places():
    told = [scan("Leipzig" if at % 2 else "Nürnberg") for at in range(100)]
    route = plan(BERLIN, told, MUNICH)
    assert len(route.stops) == MOST
    assert route.stops[0].name == "Berlin" and route.stops[-1].name == "München"
    assert route.here == MOST - 2


def test_across_the_antimeridian_the_picture_is_small_and_the_line_short():
    route = plan(SUVA, [scan("Nadi", "FJ")], HONOLULU)
    view = fitted([stop.point for stop in route.stops])
    assert view.window.east - view.window.west < 120
    assert all(abs(end[0] - start[0]) < WIDTH for _, start, end in segments(route, view))


def test_around_half_the_world_the_line_leaves_at_one_side_and_comes_back_at_the_other():
    told = [scan("Singapore", "SG"), scan("London", "GB"), scan("New York", "US")]
    route = plan(Town("Sydney", "", "AU"), told, Town("Honolulu", "HI", "US"))
    view = fitted([stop.point for stop in route.stops])
    assert all(abs(end[0] - start[0]) <= view.turn / 2 + 1 for _, start, end in segments(route, view))


@given(st.lists(st.floats(-180, 180), min_size=1, max_size=8), st.floats(-360, 360))
def test_the_arc_holds_every_meridian_wherever_the_globe_is_cut(lons, turn):
    west, across = shortest_arc(lons)
    assert 0 <= across <= 360
    assert all(((lon - west) % 360 <= across + 1e-6) or ((lon - west) % 360 > 360 - 1e-6) for lon in lons)
    assert abs(shortest_arc([lon + turn for lon in lons])[1] - across) < 1e-6


@given(st.lists(st.tuples(st.floats(-85, 85), st.floats(-180, 180)), min_size=1, max_size=6))
def test_every_stop_lies_in_the_picture(points):
    view = fitted(points)
    for lat, lon in points:
        x, y = view.stop(lat, lon)
        assert -1e-6 <= x <= WIDTH + 1e-6
        assert -1e-6 <= y <= HEIGHT + 1e-6 or view.scale <= WIDTH / 360 + 1e-9


CITIES = st.sampled_from(
    [("Sydney", "AU"), ("Singapore", "SG"), ("London", "GB"), ("New York", "US"), ("Longyearbyen", "SJ"), ("Suva", "FJ"),
     ("Honolulu", "US"), ("Oslo", "NO"), ("Bodø", "NO"), ("Iqaluit", "CA"), ("Ushuaia", "AR"), ("東京", "JP"), ("القاهرة", "EG"),
     ("Jakarta", "ID"), ("Reykjavík", "IS"), ("Anchorage", "US"), ("Auckland", "NZ")]
)  # fmt: skip


@given(CITIES, st.lists(CITIES, max_size=5), CITIES, st.booleans())
@settings(deadline=None)  # the first picture reads the outlines
def test_any_route_is_one_well_formed_picture_under_fifty_kilobytes(start, between, goal, arrived):
    told = [scan(city, country) for city, country in between]
    route = plan(
        Town(start[0], "", start[1]),
        told,
        Town(goal[0], "", goal[1]),
        arrived=arrived,
        next_scan="usually within a day",
    )
    picture = svg(route, "m")
    assert len(picture.encode()) < 50_000
    root = ET.fromstring(picture)
    assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
    assert not re.search(r"style=|<script|href|\son\w+=", picture)
    places = {stop.point for stop in route.stops}
    assert (
        len([node for node in root.iter("circle") if node.get("class") != "glow"])
        == len(route.stops)
        >= len(places)
    )
    for stop, _, _ in route.rows:
        assert stop.words.replace("&", "&amp;") in picture, "the picture says in words what it shows"


@given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=10))
def test_no_name_breaks_out_of_the_picture(city, region, note):
    route = plan(
        Town(city, region, "DE"), [scan(city, "US", region)], MUNICH, handovers={0: note} if note else None
    )
    ET.fromstring(svg(route, "m"))


def test_names_do_not_cover_each_other():
    told = [scan(city) for city in ("Essen", "Duisburg", "Oberhausen", "Bochum", "Dortmund")]
    picture = svg(plan(Town("Düsseldorf", "", "DE"), told, Town("Hagen", "", "DE")), "m")
    assert 3 <= picture.count("<text") <= 7


def test_one_town_alone_is_shown_in_a_land_that_can_be_known_by_its_shape():
    alone, near = plan(BERLIN, [], None), plan(BERLIN, [], Town("Potsdam", "", "DE"))
    widths = [fitted([stop.point for stop in route.stops]).window for route in (alone, near)]
    lone, together = (window.east - window.west for window in widths)
    assert 16 <= lone < 20 and 9 <= together < 11
    assert len(alone.stops) == 1 and 'class="land"' in svg(alone, "m")


def test_the_words_for_the_next_scan_stand_where_there_is_room_on_the_way_ahead():
    route = plan(
        Town("Shenzhen", "", "CN"), [scan("Hong Kong", "HK"), scan("Anchorage", "US", "AK"), scan("Louisville", "US", "KY")],
        Town("Seattle", "WA", "US"), next_scan="usually within 2 days; the last was 3 days ago",
    )  # fmt: skip
    (said,) = (
        node for node in ET.fromstring(svg(route, "m")).iter("text") if node.get("class") == "label next"
    )
    assert said.text == "usually within 2 days"


def test_far_land_is_drawn_coarser_and_the_window_cuts_it():
    near = list(land(Window(5, 45, 15, 58)))
    assert near and all(5 <= x <= 15 and 45 <= y <= 58 for ring in near for x, y in ring)
    assert list(borders(Window(5, 45, 15, 58)))
    assert list(land(Window(170, -25, 190, -10))), "Fiji lies on both sides of the cut"


@pytest.mark.parametrize("width", [20, 60, 360])
def test_land_over_the_antimeridian_is_no_band_across_the_map(width):
    for middle in range(-170, 190, 30):
        for ring in land(Window(middle - width / 2, -100, middle + width / 2, 160)):
            for (x, y), (far_x, far_y) in pairwise(ring):
                on_edge = y == far_y and (y in (-100, 160) or y < -170)
                assert on_edge or abs(far_x - x) < 40, (middle, x, y, far_x, far_y)


def test_a_handover_is_on_the_route(client, merchant):
    Location.objects.filter(merchant=merchant, kind="sender").update(city="Leipzig", region="", country="DE")
    shipment = make_shipment(
        merchant,
        now=NOW,
        carrier="DHL",
        tracking_number="JD1",
        address={"city": "Lyon", "country": "FR", "region": "", "postal_code": "69001"},
    )
    legs = [("DHL", "Leipzig", "DE"), ("DHL", "Frankfurt am Main", "DE"), ("Colissimo", "Strasbourg", "FR")]
    record(
        [Reading("in_transit", NOW + timedelta(hours=at), shipment_id=shipment.pk, carrier=carrier, city=city, country=country)
         for at, (carrier, city, country) in enumerate(legs)],
        merchant=merchant, now=NOW + timedelta(hours=5),
    )  # fmt: skip
    page = client.get(f"/t/{shipment.order.public_key}/").content.decode()
    listed = re.findall(r'class="route-part">([^<]*)</span> <bdi class="route-place">([^<]*)<', page)
    assert listed == [
        ("Sent from", "Leipzig, DE"), ("Scanned", "Frankfurt am Main, DE"),
        ("Handed over to Colissimo, last seen here", "Strasbourg, FR"), ("Going to", "Lyon, FR"),
    ]  # fmt: skip
    assert page.count('<svg class="route-map"') == 1
    assert "GeoNames" in page and "Natural Earth" in page


def test_after_delivery_the_way_leads_back(client, merchant):
    Location.objects.filter(merchant=merchant, kind="sender").update(city="Leipzig", region="", country="DE")
    shipment = make_shipment(
        merchant,
        now=NOW,
        carrier="DHL",
        tracking_number="JD1",
        address={"city": "Lyon", "country": "FR", "region": "", "postal_code": "69001"},
    )
    told = [("in_transit", "Leipzig", "DE"), ("delivered", "Lyon", "FR"), ("returning", "Strasbourg", "FR")]
    record(
        [Reading(status, NOW + timedelta(days=at), shipment_id=shipment.pk, carrier="DHL", city=city, country=country)
         for at, (status, city, country) in enumerate(told)],
        merchant=merchant, now=NOW + timedelta(days=3),
    )  # fmt: skip
    page = client.get(f"/t/{shipment.order.public_key}/").content.decode()
    listed = re.findall(r'class="route-part">([^<]*)</span> <bdi class="route-place">([^<]*)<', page)
    assert listed == [
        ("Sent from", "Leipzig, DE"), ("Scanned", "Lyon, FR"), ("Turned back, last seen here", "Strasbourg, FR"),
        ("Going to", "Leipzig, DE"),
    ]  # fmt: skip


def test_the_shop_sees_the_route_on_the_parcels_page(client, alice, merchant):
    shipment = make_shipment(merchant, now=NOW, carrier="DHL", tracking_number="JD1")
    record(
        [Reading("in_transit", NOW, shipment_id=shipment.pk, city="Leipzig", country="DE")],
        merchant=merchant,
        now=NOW,
    )
    client.force_login(alice)
    page = client.get(reverse("admin:shipping_shipment_change", args=[shipment.pk])).content.decode()
    assert 'class="route-map"' in page and "Leipzig, DE" in page


def test_the_next_scan_is_learned_from_the_gaps_between_scans():
    told = []
    for parcel in range(40):
        start = NOW + timedelta(days=parcel)
        told += [(parcel, "DHL", "in_transit", start), (parcel, "DHL", "in_transit", start + timedelta(minutes=2)),
                 (parcel, "DHL", "in_transit", start + timedelta(hours=20 if parcel % 10 else 60)),
                 (parcel, "DHL", "delivered", start + timedelta(hours=90))]  # fmt: skip
    known = silences(told)
    assert known[key_of("dhl", "in_transit")] == [60.0, 70.0, 70.0, 80]
    assert key_of("dhl", "delivered") not in known, "nothing follows it"
    assert known[key_of("*", "in_transit")] == known[key_of("DHL", "in_transit")]


def test_what_is_said_of_the_next_scan():
    known = {
        "dhl in_transit": [8.0, 30.0, 60.0, 50],
        "* in_transit": [8.0, 11.2, 60.0, 90],
        "* delayed": [1, 0.4, 2, 30],
    }

    def said(hours, carrier="DHL", status="in_transit"):
        return expected(known, carrier=carrier, status=status, last=NOW - timedelta(hours=hours), now=NOW)

    assert said(1) == "usually within 2 days"
    assert said(1, carrier="UPS") == "usually within 12 hours"
    assert said(0.1, status="delayed") == "usually within an hour"
    assert said(50) == "usually within 2 days; the last was 2 days ago"
    assert (
        said(1, status="delivered")
        == said(1, status="available_for_pickup")
        == said(1, status="picked_up")
        == ""
    )
    assert expected({}, carrier="DHL", status="in_transit", last=NOW, now=NOW) == ""


def test_the_customer_reads_when_the_next_scan_is_usual(client, merchant, time_machine):
    time_machine.move_to(NOW + timedelta(hours=2), tick=False)
    shipment = make_shipment(merchant, now=NOW, carrier="DHL", tracking_number="JD1")
    record(
        [Reading("in_transit", NOW, shipment_id=shipment.pk, city="Leipzig", country="DE")],
        merchant=merchant,
        now=NOW,
    )
    LearnedTransit.objects.create(
        merchant=merchant, fitted_at=NOW, parcels=100, level_half=0.5, level_most=0.9, data=b"",
        silences={"dhl in_transit": [8.0, 30.0, 60.0, 50]},
    )  # fmt: skip
    page = client.get(f"/t/{shipment.order.public_key}/").content.decode()
    assert "Next scan usually within 2 days." in page


def test_the_files_are_built_by_commands_that_refuse_another_kind_of_file(tmp_path):
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    for command, sources in (("build_outlines", [wrong]), ("build_places", [wrong] * 3)):
        out = tmp_path / "out.zip"
        with pytest.raises(CommandError):
            call_command(command, *sources, out=out)
        assert not out.exists()


def test_outlines_are_built_from_topojson(tmp_path):
    source = tmp_path / "square.json"
    square = [[0, 0], [9, 0], [0, 9], [-9, 0], [0, -9]]
    source.write_text(
        '{"type":"Topology","transform":{"scale":[1,1],"translate":[0,0]},'
        f'"arcs":[{square}],"objects":{{"countries":{{"geometries":[{{"type":"Polygon","arcs":[[0]]}}]}}}}}}'
    )
    call_command("build_outlines", source, out=tmp_path / "out.zip")
    assert (tmp_path / "out.zip").stat().st_size > 100


def test_the_same_route_is_drawn_once():
    draw._drawn.cache_clear()
    for _ in range(3):
        svg(plan(BERLIN, [], LYON), "m")
    assert draw._drawn.cache_info().misses == 1


def test_routes_of_one_region_share_the_land_below():
    draw._ground.cache_clear()
    towns = [
        scan(city)
        for city in ("Hamburg", "Bremen", "Kiel", "Lübeck", "Rostock", "Schwerin", "Hannover", "Kassel")
    ]
    for goal in towns:
        svg(plan(BERLIN, [], Town(goal.city, "", "DE")), "m")
    seen = draw._ground.cache_info()
    assert seen.misses <= 6 and seen.hits + seen.misses == len(towns)
