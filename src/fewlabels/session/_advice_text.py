"""The sentences of an advice."""

from __future__ import annotations

from fewlabels.session.proof import Proof, SequenceChecks

# Shares of the errors allowed, of which it is told from the start what a proof takes.
_EXAMPLES = (0.2, 0.4)
_TOO_MANY = "more than there are points left"


def of_what_was_proven(proof: Proof, wanted: float) -> str:
    """Say what the checks have proven."""
    if proof.n_given:
        answers = f"answers, {_of_both(proof)}"
    else:
        answers = f"answers that the model gave with {_labels(proof.n_labels)}"
    return (
        f"Of the {proof.n_points:,} {answers}, at "
        f"least {_percent(proof.low)} are right, as {_checks(proof.n_checks, 'random ')} prove "
        f"({proof.n_right} of them found the answer right); {100 * wanted:g} % is wanted."
    )


def of_no_proof(wanted: float, n_together: int) -> str:
    """Say that nothing is left to ask."""
    said = f"Nothing is left to ask, though {100 * wanted:g} % is not proven."
    if n_together:
        said += (
            f" Too many of the labels that were given many at a time were found wrong: {n_together}"
            " others should be looked at again."
        )
    return said


def of_checks(
    proof: Proof, wanted: float, guess: float | None, fewest: int | None, about: int | None
) -> str:
    """Say what is being checked, and how many checks that will take."""
    begin = (
        f"The model probably reaches {100 * wanted:g} %, which random checks can prove: ask "
        "returns nothing else until then."
    )
    if proof.n_given:
        what = f"What is checked are {proof.n_points:,} answers, {_of_both(proof)}"
    else:
        what = (
            f"What is checked are the answers to {proof.n_points:,} points that it gave with "
            f"{_labels(proof.n_labels)}"
        )
    if proof.n_checks:
        what += f"; {proof.n_right} of {_checks(proof.n_checks)} found them right so far"
    if fewest is None:
        return f"{begin} {what}. There are too few points left to prove it."
    many = f"{_checks(fewest, 'more random ')} prove it if all find the answer right"
    if about is not None and guess is not None and about > fewest:
        many += f", about {about} if {_percent(guess)} do"
    return f"{begin} {what}. {many}."


def of_what_was_checked(ended: bool, last: SequenceChecks | None, wanted: float) -> str:
    """Say that it goes on, and what became of the checks that have just ended."""
    if ended and last is not None:
        n_right = len(last.wrong) - int(last.wrong.sum())
        if n_right == len(last.wrong) and last.is_out_of_reach(wanted):
            return (
                f"The checks can't prove {100 * wanted:g} % any more: too many of the points whose "
                "answers are checked got a label unasked. Other checks follow."
            )
        return (
            f"The answers that were checked are probably not right about {100 * wanted:g} % of "
            f"the points: {n_right} of {_checks(len(last.wrong))} found them right. The model goes "
            "on learning, and the next checks will be of what it then answers."
        )
    return f"It is not shown yet that the model reaches {100 * wanted:g} %."


def of_more_labels(
    wanted: float,
    n_checks: int,
    fewest_checks: int,
    now: tuple[float, float, float] | None,
    needed: tuple[int | None, int | None, int | None] | None,
) -> str:
    """Say how good the model seems to be, and how many labels bring it to what is wanted."""
    if now is None or needed is None:
        return (
            "It is too early to say how many more labels that takes: "
            f"{_checks(n_checks, 'random ')} {'was' if n_checks == 1 else 'were'} answered, and "
            f"at least {fewest_checks} are needed."
        )
    soon, about, late = needed
    guess = (
        f"It seems to be right about {_percent(now[1])} of the open points now "
        f"({100 * now[0]:.1f} to {_percent(now[2])})."
    )
    if soon is None:
        return (
            f"{guess} More labels of this kind are unlikely to bring it to {100 * wanted:g} %; "
            "better features may."
        )
    if about == 0:
        return f"{guess} It may be enough already, but some more labels will save checks."
    if about is None:
        if soon == 0:
            return f"{guess} That may be enough already, or it may take {_TOO_MANY}."
        return f"{guess} It takes at least {_labels(soon, 'more ')}, and perhaps {_TOO_MANY}."
    many = f"{guess} About {_labels(about, 'more ')} should do"
    if late is None:
        return f"{many}, but it may take {_TOO_MANY}."
    least = f"at least {soon} and " if soon else ""
    return f"{many}, probably {least}at most {late}."


def cost_of_a_proof(new: SequenceChecks, wanted: float, guess: float | None) -> str:
    """Say how many checks a proof takes, for some accuracies and for that of now."""
    fewest = new.draws_to_prove(wanted, 0.0)
    if fewest is None:
        return f"There are too few points left to prove {100 * wanted:g} % by checks."
    wrong = [share * (1 - wanted) for share in _EXAMPLES]
    if guess is not None and guess > wanted:
        wrong.append(1 - guess)
    costs = [(share, new.draws_to_prove(wanted, share)) for share in sorted(wrong)]
    rest = [f"about {n} if {_percent(1 - share)} are" for share, n in costs if n is not None]
    return (
        f"To prove {100 * wanted:g} % will take {_checks(fewest, 'random ')} if the model is right "
        f"at all of them{''.join(f', {cost}' for cost in rest)}."
    )


def _of_both(proof: Proof) -> str:
    n_model = proof.n_points - proof.n_given
    of_labels = f"{_labels(proof.n_given)} that were given many at a time"
    if not n_model:
        return of_labels
    return f"{n_model:,} by the model with {_labels(proof.n_labels)} and {of_labels}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _labels(n: int, more: str = "") -> str:
    return f"{n:,} {more}label{'' if n == 1 else 's'}"


def _checks(n: int, kind: str = "") -> str:
    return f"{n:,} {kind}check{'' if n == 1 else 's'}"
