"""The papers behind the methods: what each is, and which class goes back to which.

The docstrings of the classes name the same papers; a test compares.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A publication.

    Attributes
    ----------
    key : str
        As in BibTeX.
    kind : str
        Of the BibTeX entry, such as ``"article"``.
    authors : tuple of str
        Such as ``"D. Zhou"``.
    title : str
    venue : str
        Journal, conference, publisher or report.
    year : int
    doi : str
        Empty where there is none.
    """

    key: str
    kind: str
    authors: tuple[str, ...]
    title: str
    venue: str
    year: int
    doi: str = ""

    def __str__(self) -> str:
        text = f'{", ".join(self.authors)}, "{self.title}", {self.venue}, {self.year}.'
        return f"{text} https://doi.org/{self.doi}" if self.doi else text

    @property
    def bibtex(self) -> str:
        """The entry of a BibTeX file."""
        fields = {
            "author": " and ".join(self.authors),
            "title": f"{{{self.title}}}",  # keeps its capitals
            _VENUE_FIELDS.get(self.kind, "howpublished"): self.venue,
            "year": str(self.year),
        }
        if self.doi:
            fields["doi"] = self.doi
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}"])


_VENUE_FIELDS = {
    "article": "journal",
    "book": "publisher",
    "inproceedings": "booktitle",
    "techreport": "institution",
}

_ALL = (
    Reference(
        "blackwell1973",
        "article",
        ("D. Blackwell", "J. MacQueen"),
        "Ferguson distributions via Polya urn schemes",
        "Annals of Statistics",
        1973,
        "10.1214/aos/1176342372",
    ),
    Reference(
        "calder2020",
        "inproceedings",
        ("J. Calder", "B. Cook", "M. Thorpe", "D. Slepcev"),
        "Poisson learning: graph based semi-supervised learning at very low label rates",
        "ICML",
        2020,
        "10.48550/arXiv.2006.11184",
    ),
    Reference(
        "cressie1993",
        "book",
        ("N. Cressie",),
        "Statistics for spatial data",
        "Wiley",
        1993,
        "10.1002/9781119115151",
    ),
    Reference(
        "dagan1995",
        "inproceedings",
        ("I. Dagan", "S. Engelson"),
        "Committee-based sampling for training probabilistic classifiers",
        "ICML",
        1995,
    ),
    Reference(
        "flores2022",
        "article",
        ("M. Flores", "J. Calder", "G. Lerman"),
        "Analysis and algorithms for Lp-based semi-supervised learning on graphs",
        "Applied and Computational Harmonic Analysis",
        2022,
        "10.1016/j.acha.2022.01.004",
    ),
    Reference(
        "gonzalez1985",
        "article",
        ("T. F. Gonzalez",),
        "Clustering to minimize the maximum intercluster distance",
        "Theoretical Computer Science",
        1985,
        "10.1016/0304-3975(85)90224-5",
    ),
    Reference(
        "hacohen2022",
        "inproceedings",
        ("G. Hacohen", "A. Dekel", "D. Weinshall"),
        "Active learning on a budget: opposite strategies suit high and low budgets",
        "ICML",
        2022,
        "10.48550/arXiv.2202.02794",
    ),
    Reference(
        "huang2021",
        "inproceedings",
        ("Q. Huang", "H. He", "A. Singh", "S.-N. Lim", "A. R. Benson"),
        "Combining label propagation and simple models out-performs graph neural networks",
        "ICLR",
        2021,
        "10.48550/arXiv.2010.13993",
    ),
    Reference(
        "jacobs2018",
        "article",
        ("M. Jacobs", "E. Merkurjev", "S. Esedoglu"),
        "Auction dynamics: a volume constrained MBO scheme",
        "Journal of Computational Physics",
        2018,
        "10.1016/j.jcp.2017.10.036",
    ),
    Reference(
        "jarvis1973",
        "article",
        ("R. A. Jarvis", "E. A. Patrick"),
        "Clustering using a similarity measure based on shared near neighbors",
        "IEEE Transactions on Computers",
        1973,
        "10.1109/T-C.1973.223640",
    ),
    Reference(
        "ji2012",
        "inproceedings",
        ("M. Ji", "J. Han"),
        "A variance minimization criterion to active learning on graphs",
        "AISTATS",
        2012,
    ),
    Reference(
        "lewis1994",
        "inproceedings",
        ("D. D. Lewis", "W. A. Gale"),
        "A sequential algorithm for training text classifiers",
        "SIGIR",
        1994,
        "10.1007/978-1-4471-2099-5_1",
    ),
    Reference(
        "ma2013",
        "inproceedings",
        ("Y. Ma", "R. Garnett", "J. Schneider"),
        "Sigma-Optimality for active learning on Gaussian random fields",
        "NIPS",
        2013,
    ),
    Reference(
        "miller2023dirichlet",
        "misc",
        ("K. Miller", "R. Murray"),
        "Dirichlet active learning",
        "arXiv 2311.05501",
        2023,
        "10.48550/arXiv.2311.05501",
    ),
    Reference(
        "miller2023poisson",
        "article",
        ("K. Miller", "J. Calder"),
        "Poisson reweighted Laplacian uncertainty sampling for graph-based active learning",
        "SIAM Journal on Mathematics of Data Science",
        2023,
        "10.48550/arXiv.2210.15786",
    ),
    Reference(
        "miller2024",
        "article",
        ("K. Miller", "A. L. Bertozzi"),
        "Model change active learning in graph-based semi-supervised learning",
        "Communications on Applied Mathematics and Computation",
        2024,
        "10.48550/arXiv.2110.07739",
    ),
    Reference(
        "rasmussen2006",
        "book",
        ("C. E. Rasmussen", "C. K. I. Williams"),
        "Gaussian processes for machine learning",
        "MIT Press",
        2006,
        "10.7551/mitpress/3206.001.0001",
    ),
    Reference(
        "rifkin2007",
        "techreport",
        ("R. Rifkin", "R. Lippert"),
        "Notes on regularized least squares",
        "MIT-CSAIL-TR-2007-025",
        2007,
    ),
    Reference(
        "roy2001",
        "inproceedings",
        ("N. Roy", "A. McCallum"),
        "Toward optimal active learning through sampling estimation of error reduction",
        "ICML",
        2001,
    ),
    Reference(
        "scheffer2001",
        "inproceedings",
        ("T. Scheffer", "C. Decomain", "S. Wrobel"),
        "Active hidden Markov models for information extraction",
        "IDA",
        2001,
        "10.1007/3-540-44816-0_31",
    ),
    Reference(
        "sener2018",
        "inproceedings",
        ("O. Sener", "S. Savarese"),
        "Active learning for convolutional neural networks: a core-set approach",
        "ICLR",
        2018,
        "10.48550/arXiv.1708.00489",
    ),
    Reference(
        "settles2008",
        "inproceedings",
        ("B. Settles", "M. Craven"),
        "An analysis of active learning strategies for sequence labeling tasks",
        "EMNLP",
        2008,
        "10.3115/1613715.1613855",
    ),
    Reference(
        "shannon1948",
        "article",
        ("C. E. Shannon",),
        "A mathematical theory of communication",
        "Bell System Technical Journal",
        1948,
        "10.1002/j.1538-7305.1948.tb01338.x",
    ),
    Reference(
        "shi2017",
        "article",
        ("Z. Shi", "S. Osher", "W. Zhu"),
        "Weighted nonlocal Laplacian on interpolation from sparse data",
        "Journal of Scientific Computing",
        2017,
        "10.1007/s10915-017-0421-z",
    ),
    Reference(
        "slepcev2019",
        "article",
        ("D. Slepcev", "M. Thorpe"),
        "Analysis of p-Laplacian regularization in semi-supervised learning",
        "SIAM Journal on Mathematical Analysis",
        2019,
        "10.1137/17M115222X",
    ),
    Reference(
        "wolpert1992",
        "article",
        ("D. H. Wolpert",),
        "Stacked generalization",
        "Neural Networks",
        1992,
        "10.1016/S0893-6080(05)80023-1",
    ),
    Reference(
        "zelnik2004",
        "inproceedings",
        ("L. Zelnik-Manor", "P. Perona"),
        "Self-tuning spectral clustering",
        "NIPS",
        2004,
    ),
    Reference(
        "zhou2003",
        "inproceedings",
        ("D. Zhou", "O. Bousquet", "T. N. Lal", "J. Weston", "B. Schoelkopf"),
        "Learning with local and global consistency",
        "NIPS",
        2003,
    ),
    Reference(
        "zhu2002",
        "techreport",
        ("X. Zhu", "Z. Ghahramani"),
        "Learning from labeled and unlabeled data with label propagation",
        "CMU-CALD-02-107",
        2002,
    ),
    Reference(
        "zhu2003active",
        "inproceedings",
        ("X. Zhu", "J. Lafferty", "Z. Ghahramani"),
        "Combining active learning and semi-supervised learning using Gaussian fields and harmonic "
        "functions",
        "ICML workshop",
        2003,
    ),
    Reference(
        "zhu2003harmonic",
        "inproceedings",
        ("X. Zhu", "Z. Ghahramani", "J. Lafferty"),
        "Semi-supervised learning using Gaussian fields and harmonic functions",
        "ICML",
        2003,
    ),
    Reference(
        "zhu2003processes",
        "techreport",
        ("X. Zhu", "J. Lafferty", "Z. Ghahramani"),
        "Semi-supervised learning: from Gaussian fields to Gaussian processes",
        "CMU-CS-03-175",
        2003,
    ),
)

REFERENCES = {reference.key: reference for reference in _ALL}

CITED_BY = {
    # models
    "CorrectAndSmooth": ("huang2021",),
    "FewLabelsClassifier": ("zhou2003", "zhu2003harmonic", "rifkin2007", "wolpert1992"),
    "FewLabelsRegressor": ("rasmussen2006", "zhu2003processes"),
    "HarmonicRegressor": ("zhu2003processes", "zhu2003harmonic"),
    "LabelPropagation": ("zhu2002", "zhu2003harmonic"),
    "LabelSpreading": ("zhou2003",),
    "PLaplacianClassifier": ("flores2022", "slepcev2019"),
    "PoissonClassifier": ("calder2020",),
    "PoissonMBOClassifier": ("calder2020", "jacobs2018"),
    "ReweightedLaplaceClassifier": ("miller2023poisson", "shi2017", "calder2020"),
    "SpreadingRegressor": ("zhou2003", "cressie1993"),
    # rules
    "DecayingNorm": ("miller2023poisson",),
    "DensityWeighted": ("settles2008",),
    "DirichletVariance": ("miller2023dirichlet",),
    "Entropy": ("shannon1948", "dagan1995"),
    "ExpectedErrorReduction": ("zhu2003active", "roy2001"),
    "FarthestFirst": ("gonzalez1985", "sener2018"),
    "LeastConfidence": ("lewis1994",),
    "Margin": ("scheffer2001",),
    "ModelChange": ("miller2024",),
    "ModelChangeSigmaOptimality": ("miller2024",),
    "ModelChangeVOptimality": ("miller2024",),
    "SigmaOptimality": ("ma2013",),
    "Typicality": ("hacohen2022",),
    "UncertainInfluence": ("ma2013", "scheffer2001", "blackwell1973", "miller2023dirichlet"),
    "VOptimality": ("ji2012",),
}
"""What a method goes back to, by the name of its class."""

MEMBERS = {
    "class means": ("zhou2003",),
    "harmonic functions": ("zhu2003harmonic",),
    "features": ("rifkin2007",),
}
"""What the members of :class:`fewlabels.FewLabelsClassifier` go back to."""

GRAPHS = {"shared-neighbors": ("jarvis1973", "zelnik2004"), "self-tuning": ("zelnik2004",)}
"""What graphs go back to, by their kind or their weights."""
