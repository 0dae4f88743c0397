"""One step of one order: told as the business says it, written in every system, and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Final

from sandbox import selling, supplying
from sandbox.adopting import PATIENCE, adopt
from sandbox.chronicle import Chronicle, Happening, Wrote
from sandbox.company import Company
from sandbox.scene import NoSenseError, Scene, Told
from sandbox.standing import standing
from sources.kit.sandbox.contract import Sandbox
from sources.kit.sandbox.moves import Movable, Moves, Opens, Paper, Turn, Written, circle
from sources.kit.sandbox.story import Deal, Story

Step = Callable[[Scene], Told]

NEW: Final = "propose"
"""The one step that is about no order yet."""

STEPS: Final[Mapping[str, Step]] = {
    "accept": selling.accept,
    "activate": selling.activate,
    "book": selling.book,
    "write_back": selling.write_back,
    "hold": supplying.hold,
    "release": supplying.release,
    "amend": selling.amend,
    "amend_contract": selling.amend_contract,
    "cancel": selling.cancel,
    "ship": supplying.ship,
    "ship_rest": supplying.ship_rest,
    "deliver": supplying.deliver,
    "invoice": supplying.invoice,
    "pay_part": supplying.pay_part,
    "pay": supplying.pay,
    "move_customer": selling.move_customer,
}
MOST_BORN: Final = 5_000
"""Deals that may begin in one story."""


class UnknownOrderError(LookupError):
    """No order of the story has this key or number."""


class GoingOn:
    """The story goes on, step by step, over the sandboxes that can be moved; for one thread, that which serves them."""

    def __init__(self, company: Company, sandboxes: Mapping[str, Sandbox], chronicle: Chronicle) -> None:
        """Nothing happens by itself."""
        self._company = company
        self._chronicle = chronicle
        self._moves: dict[str, Moves] = {
            name: box.moves(name) for name, box in sandboxes.items() if isinstance(box, Movable)
        }
        self._places = _places(company)

    @property
    def story(self) -> Story:
        """The story as it stands."""
        return self._chronicle.story

    @property
    def happened(self) -> int:
        """The number of the last happening; zero where nothing has."""
        return self._chronicle.happened()

    def find(self, order: str) -> int:
        """The place of an order in the story; one that a client booked becomes a part of it."""
        place = self._chronicle.place(order)
        if place is None:
            now = self._chronicle.now()
            found = [one for moves in self._moves.values() for one in adopt(moves, self._chronicle, now, order)]
            place = found[0] if found else None
        if place is None:
            raise UnknownOrderError(f"No order of the story has the key or number {order!r}.")
        return place

    def sensible(self, place: int) -> list[str]:
        """The steps that could happen to this order as it stands, save `propose`; nothing is written."""
        found = []
        for name, step in STEPS.items():
            try:
                step(self._scene(place, Random(0)))
                found.append(name)
            except NoSenseError:
                continue
        return found

    def take(self, place: int, name: str, chance: Random, only: str | None = None) -> Happening:
        """Let a step happen. Raises NoSenseError or EstrangedError, and then nothing has.

        `only` is the ERP number that was named, where the order has several.
        """
        scene = self._scene(place, chance, only)
        told = STEPS[name](scene)
        before, story = scene.deal, self.story
        buyers = {**story.buyers, told.deal.buyer: told.buyer or scene.buyer}
        now = circle(replace(story, buyers=buyers), told.deal)
        turn = Turn(circle(story, before), now, place + 1, scene.at)
        for moves in self._moves.values():
            moves.admit(turn)
        written = [(system, one) for system, moves in self._moves.items() for one in moves.follow(turn)]
        happening = _happening(name, scene, told.deal, told.words, written, standing(now))
        return self._chronicle.keep(place, told.deal, told.buyer, happening)

    def propose(self, chance: Random) -> tuple[int, Happening]:
        """Let a deal begin; its place and what happened."""
        story, crm = self.story, self._company.crm.name
        opens = self._moves.get(crm)
        if not isinstance(opens, Opens):
            raise NoSenseError(f"Nothing begins in {crm}: the story does not move it.")
        if sum("born" in deal.traits for deal in story.deals) >= MOST_BORN:
            raise NoSenseError(f"{MOST_BORN} deals have begun; that is enough for one story.")
        at = self._chronicle.now()
        entities = [entity for entity in self._company.entities if entity.instance in self._moves]
        deal, written = opens.open_deal(story, selling.new_sale(story, entities, at, chance))
        place = len(story.deals)
        scene = self._scene_of(story, deal, chance, None)
        offered = f"quote {deal.offer.number}" if deal.offer else "no quote"
        words = f"{scene.name} was drafted for {scene.buyer.name} ({offered})"
        status = standing(circle(story, deal))
        happening = _happening(NEW, scene, deal, words, [(crm, one) for one in written], status)
        return place, self._chronicle.keep(place, deal, None, happening)

    def adopt(self) -> list[int]:
        """Make orders that clients booked part of the story; their places."""
        until = self._chronicle.now() - PATIENCE
        return [place for moves in self._moves.values() for place in adopt(moves, self._chronicle, until)]

    def _scene(self, place: int, chance: Random, only: str | None = None) -> Scene:
        return self._scene_of(self.story, self.story.deals[place], chance, only)

    def _scene_of(self, story: Story, deal: Deal, chance: Random, only: str | None) -> Scene:
        numbers = {booking.number for booking in deal.bookings}
        return Scene(
            story=story,
            deal=deal,
            at=self._chronicle.now(),
            chance=chance,
            following=self._following,
            movable=frozenset(self._moves),
            places=self._places,
            only=only if only in numbers else None,
        )

    def _following(self, instance: str, paper: Paper, count: int) -> str:
        return self._moves[instance].following(paper, count)


def _happening(
    step: str, scene: Scene, deal: Deal, words: str, written: list[tuple[str, Written]], expected: str
) -> Happening:
    return Happening(
        n=0,
        step=step,
        at=scene.at,
        crm_key=deal.crm_key,
        crm_number=deal.crm_number,
        erp_numbers=tuple((booking.instance, booking.number) for booking in deal.bookings),
        words=words,
        written=tuple(Wrote(system, one.concept, one.key, one.made) for system, one in written),
        expected=expected,
    )


def _places(company: Company) -> dict[str, str]:
    """Where each legal entity's goods leave from, by entity: as the landscape names shipping points."""
    kinds = {system.name: company.speech[system.kind].settings for system in company.erps}
    found = {}
    for entity in company.entities:
        points = kinds[entity.instance].get("shipping_points", {})
        for code in entity.codes.values():
            if isinstance(points, dict) and code in points:
                found[entity.code] = points[code]
    return found
