"""Edits cells of a workbook in LibreOffice itself, as a person would, and saves it. Run by the Python that has ``uno``.

Usage: edit_in_libreoffice.py SOURCE TARGET < JSON of [[sheet, cell, value]…]; the kind of TARGET is by its name. A cell such as
"3:3" stands for its row, with "repeat" (copied onto a row that is inserted above it) or "delete": by the menus, that heed the
sheet's protection.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue

FILTERS = {
    ".xlsx": "Calc MS Excel 2007 XML",
    ".ods": "calc8",
    ".xls": "MS Excel 97",
    ".csv": "Text - txt - csv (StarCalc)",
}


def prop(name, value):
    item = PropertyValue()
    item.Name, item.Value = name, value
    return item


def connect(pipe):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(120):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:  # it answers once it has started
            time.sleep(0.25)
    raise SystemExit("LibreOffice did not start")


def by_menu(context, document, sheet, rows, wanted):
    frame = document.CurrentController.Frame
    menus = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.DispatchHelper", context)
    document.CurrentController.setActiveSheet(document.Sheets.getByName(sheet))

    def choose(command, *arguments):
        menus.executeDispatch(frame, f".uno:{command}", "", 0, arguments)

    choose("GoToCell", prop("ToPoint", rows))
    for command in {"repeat": ("Copy", "InsertRowsBefore", "Paste"), "delete": ("DeleteRows",)}[wanted]:
        choose(command)


def main():
    source, target = (Path(name).resolve() for name in sys.argv[1:3])
    edits = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as home:
        pipe = f"dsf{Path(home).name}"
        office = subprocess.Popen(
            [
                "soffice",
                "--headless",
                "--norestore",
                f"-env:UserInstallation=file://{home}",
                f"--accept=pipe,name={pipe};urp;",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            context = connect(pipe)
            desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
            document = desktop.loadComponentFromURL(source.as_uri(), "_blank", 0, (prop("Hidden", True),))
            for sheet, cell, value in edits:
                if ":" in cell:
                    by_menu(context, document, sheet, cell, value)
                    continue
                place = document.Sheets.getByName(sheet).getCellRangeByName(cell)
                place.setFormula(value) if isinstance(value, str) else place.setValue(value)
            document.storeToURL(target.as_uri(), (prop("FilterName", FILTERS[target.suffix]),))
            document.close(True)
            with contextlib.suppress(Exception):  # the bridge falls with it
                desktop.terminate()
        finally:
            office.terminate()
            office.wait(20)


main()
