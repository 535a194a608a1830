"""What `dsf run` and `dsf status` say of notices: how many organisations were told, and why others were not."""

from collections.abc import Iterator, Mapping

from pipeline.bilingual import Text, joined

_TOLD = Text("Avis : {told}", "Notices: {told}")
_COUNTS = {
    "envoyes": Text("{n} envoyé||{n} envoyés", "{n} sent"),
    "attente": Text("{n} à envoyer||{n} à envoyer", "{n} to be sent"),
    "abandonnes": Text(
        "{n} organisme que le courriel n'atteint pas||{n} organismes que le courriel n'atteint pas",
        "{n} organisation that mail does not reach||{n} organisations that mail does not reach",
    ),
    "sans_adresse": Text(
        "{n} organisme sans adresse||{n} organismes sans adresse",
        "{n} organisation without an address||{n} organisations without an address",
    ),
    "commande": Text(
        "{n} passage à transmettre à la commande||{n} passages à transmettre à la commande",
        "{n} run to be told to the command||{n} runs to be told to the command",
    ),
}


def lines(avis: Mapping[str, int]) -> Iterator[str]:
    """One line, or none where there is nothing to say."""
    told = [text.fill(n=avis[name]) for name, text in _COUNTS.items() if avis.get(name)]
    if told:
        yield _TOLD.fill(told=joined(told))
