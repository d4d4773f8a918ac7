"""What may include what, and what libraries may say: DESIGN.md, section 5.

Every rule is a row of a table; every rule is seen to catch a violation.
Patterns are shell patterns on the path below src/, where * also matches /.
"""

import fnmatch
import re
from typing import NamedTuple

import pytest

from checkout import ROOT

SRC = ROOT / "src"

# A module includes only itself and those before it.
MODULES = """base random linalg stats nn theory spec engine sweep check
    attention report io cli""".split()


class ThirdParty(NamedTuple):
    name: str
    header: str   # a regular expression, matched at the header's beginning
    places: list  # which of our files may reach it, directly or not


KERNEL_MODULES = ["random", "linalg", "stats", "nn", "theory"]

THIRD_PARTIES = [
    ThirdParty("Boost", r"boost/",
               ["cli/*", "nn/*", "theory/*", "attention/*"]),
    ThirdParty("HDF5", r"hdf5(_hl)?\.h$|H5\w+\.h$", ["io/*"]),
    ThirdParty("Highway", r"hwy/",
               ["base/*.cc", "*-inl.h",
                *(f"{m}/*.cc" for m in KERNEL_MODULES)]),
    ThirdParty("oneTBB", r"tbb/|oneapi/", ["base/*.cc"]),
    ThirdParty("Eigen", r"Eigen/|unsupported/Eigen/",
               ["linalg/*.cc", "random/*.cc", "theory/*.cc", "*_test.cc",
                "*_test.h"]),
    ThirdParty("Nettle", r"nettle/", ["base/*"]),
    ThirdParty("zlib", r"zlib\.h$", ["io/*"]),
    ThirdParty("nlohmann_json", r"nlohmann/", ["io/*", "cli/*"]),
    ThirdParty("GoogleTest", r"gtest/|gmock/",
               ["*_test.cc", "*_test.h", "base/*test*"]),
    ThirdParty("Google Benchmark", r"benchmark/", ["*_bench.cc"]),
]


class Speech(NamedTuple):
    name: str
    code: str  # a regular expression on code without comments and strings


# Libraries never print and never exit.
SPEECHES = [
    Speech("printf", r"\bv?f?printf\s*\("),
    Speech("puts", r"\bf?put(s|c|char)\s*\("),
    Speech("perror", r"\bperror\s*\("),
    Speech("fmt::print", r"\bfmt::v?print\s*\("),
    Speech("std::cout", r"\bstd::w?(cout|cerr|clog)\b"),
    Speech("exit", r"\b(quick_|_)?exit\s*\("),
]
# guarded_read ends its child.
MAY_SPEAK = ["cli/*", "*_test.cc", "*_bench.cc", "base/error.cc",
             "io/guarded_read.cc"]


def matches(path, patterns):
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def code_only(text):
    """`text` with the contents of comments and literals blanked out."""
    token = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"'
        r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])*\'', re.S)
    return token.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def without_directives(code):
    """`code` with preprocessor directives blanked out."""
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*",
                  lambda m: re.sub(r"[^\n]", " ", m[0]), code, flags=re.M)


def includes(text):
    """Yields (line, header, quoted) of each #include."""
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if match:
            yield number, match[2], match[1] == '"'


def line_of(text, position):
    return text.count("\n", 0, position) + 1


class Tree:
    """The sources below a folder, by path relative to it."""

    def __init__(self, folder):
        self.files = {
            path.relative_to(folder).as_posix(): path.read_text()
            for path in sorted(folder.rglob("*"))
            if path.suffix in (".h", ".cc")}
        self._reached = {}

    def reached(self, path):
        """Which third parties a file includes, directly or through ours."""
        if path not in self._reached:
            self._reached[path] = set()  # ends a circle of includes
            for _, header, _ in includes(self.files.get(path, "")):
                self._reached[path] |= self.brought_by(header)
        return self._reached[path]

    def brought_by(self, header):
        direct = {party.name for party in THIRD_PARTIES
                  if re.match(party.header, header)}
        return direct or self.reached(header)


def order_violations(tree):
    for path, text in tree.files.items():
        module = path.split("/")[0]
        if module not in MODULES:
            yield f"{path}:1: {module} is none of {', '.join(MODULES)}"
            continue
        for line, header, quoted in includes(text):
            included = header.split("/")[0]
            if included in MODULES and "/" in header:
                if MODULES.index(included) > MODULES.index(module):
                    yield f"{path}:{line}: {module} comes before {included}"
            elif quoted and not tree.brought_by(header):
                yield f'{path}:{line}: write "module/{header}"'


def third_party_violations(tree):
    for path, text in tree.files.items():
        for line, header, _ in includes(text):
            for party in THIRD_PARTIES:
                if (party.name in tree.brought_by(header)
                        and not matches(path, party.places)):
                    yield (f"{path}:{line}: <{header}> brings {party.name}, "
                           f"whose place is {' '.join(party.places)}")


def highway_module_violations(tree):
    """-inl.h is a place for Highway in the kernels' modules only."""
    for path in tree.files:
        if (matches(path, ["*-inl.h"])
                and path.split("/")[0] not in ["base", *KERNEL_MODULES]):
            yield f"{path}:1: kernels belong in {', '.join(KERNEL_MODULES)}"


def using_namespace_violations(tree):
    token = re.compile(r"[{}]|\busing\s+namespace\b")
    namespace = re.compile(r'(\bnamespace\b[^;{}()=]*|\bextern\s*)$')
    for path, text in tree.files.items():
        code = without_directives(code_only(text))
        open_braces = []  # of each: does it open a namespace?
        for match in token.finditer(code):
            if match[0] == "{":
                open_braces.append(
                    bool(namespace.search(code, 0, match.start())))
            elif match[0] == "}":
                if open_braces:
                    open_braces.pop()
            elif all(open_braces):
                yield (f"{path}:{line_of(code, match.start())}: "
                       "using namespace outside a function")


def pragma_once_violations(tree):
    for path, text in tree.files.items():
        # Highway includes a kernel once per target, with a guard that toggles.
        if (path.endswith(".h") and not path.endswith("-inl.h")
                and not re.search(r"^#pragma once$", text, re.M)):
            yield f"{path}:1: no #pragma once"


def speech_violations(tree):
    for path, text in tree.files.items():
        if matches(path, MAY_SPEAK):
            continue
        code = code_only(text)
        for speech in SPEECHES:
            for match in re.finditer(speech.code, code):
                yield (f"{path}:{line_of(code, match.start())}: "
                       f"{speech.name} in a library")


RULES = [order_violations, third_party_violations, highway_module_violations,
         using_namespace_violations, pragma_once_violations, speech_violations]


@pytest.mark.parametrize("rule", RULES)
def test_sources_keep_the_rule(rule):
    tree = Tree(SRC)
    assert tree.files
    violations = list(rule(tree))
    assert not violations, "\n" + "\n".join(violations)


# The rules themselves.

def write_tree(folder, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return Tree(folder)


def check(rule, tmp_path, files, expected):
    """`expected`: the place and a part of each message."""
    found = list(rule(write_tree(tmp_path, files)))
    assert len(found) == len(expected), found
    for message, (place, part) in zip(found, expected):
        assert message.startswith(place + ":") and part in message


@pytest.mark.parametrize("earlier,later", zip(MODULES, MODULES[1:]))
def test_order_is_total(earlier, later, tmp_path):
    check(order_violations, tmp_path, {
        f"{earlier}/a.h": f'#pragma once\n#include "{later}/b.h"\n',
        f"{later}/b.h": f'#include "{later}/c.h"\n#include "base/d.h"\n',
    }, [(f"{earlier}/a.h:2", f"before {later}")])


def test_order_wants_modules_named(tmp_path):
    check(order_violations, tmp_path, {
        "nn/a.cc": '#include "b.h"\n#include "hwy/highway.h"\n',
        "new/a.cc": "",
    }, [("nn/a.cc:1", '"module/b.h"'), ("new/a.cc:1", "none of")][::-1])


# header, a file where it may be, files where it may not be
PLACES = [
    ("boost/program_options.hpp", "cli/a.cc", ["io/a.cc", "base/a.h"]),
    ("hdf5.h", "io/hdf5_handle.h",
     ["cli/a.cc", "engine/a_test.cc", "base/a.h"]),
    ("hdf5_hl.h", "io/a.cc", ["cli/a.cc"]),
    ("hwy/highway.h", "nn/a-inl.h", ["nn/a.h", "engine/a.cc", "base/a.h"]),
    ("hwy/targets.h", "base/a.cc", ["cli/a.cc", "engine/a.cc"]),
    ("tbb/parallel_for.h", "base/a.cc", ["base/a.h", "engine/a.cc"]),
    ("oneapi/tbb/info.h", "base/a.cc", ["linalg/a.cc"]),
    ("Eigen/Dense", "linalg/a.cc", ["linalg/a.h", "nn/a.cc", "base/a.h"]),
    ("Eigen/QR", "nn/a_test.cc", ["nn/a_bench.cc"]),
    ("nettle/sha2.h", "base/a.cc", ["io/a.cc"]),
    ("zlib.h", "io/a.cc", ["cli/a.cc"]),
    ("nlohmann/json.hpp", "cli/a.cc", ["engine/a.cc"]),
    ("gtest/gtest.h", "nn/a_test.cc", ["nn/a.cc"]),
    ("benchmark/benchmark.h", "nn/a_bench.cc", ["nn/a.cc"]),
]


def test_each_third_party_has_a_case():
    for party in THIRD_PARTIES:
        assert any(re.match(party.header, header) for header, _, _ in PLACES)


@pytest.mark.parametrize("header,good,bad", PLACES)
@pytest.mark.parametrize("form", ["<%s>", '"%s"'])
def test_third_party_in_its_place(header, good, bad, form, tmp_path):
    text = "\n#include " + form % header + "\n"
    check(third_party_violations, tmp_path, {
        good: text, **{path: text for path in bad},
    }, [(f"{path}:2", header) for path in sorted(bad)])


def test_third_party_through_our_own_headers(tmp_path):
    check(third_party_violations, tmp_path, {
        "io/handle.h": "#include <hdf5.h>\n",
        "io/reader.h": '#include "io/handle.h"\n',
        "cli/run.cc": '\n\n#include "io/reader.h"\n',
    }, [("cli/run.cc:3", "brings HDF5")])


def test_kernels_in_their_modules(tmp_path):
    check(highway_module_violations, tmp_path, {
        "nn/a-inl.h": "", "engine/a-inl.h": "",
    }, [("engine/a-inl.h:1", "kernels")])


@pytest.mark.parametrize("text,line", [
    ("using namespace std;\n", 1),
    ("namespace a {\nnamespace {\nusing  namespace b;\n}\n}\n", 3),
    ("namespace a::b\n{\nvoid F() {}\nusing namespace c;\n}\n", 4),
    ('extern "C" {\nusing namespace a;\n}\n', 2),
    ("namespace a {\nvoid F() { using namespace b; }\n}\n", None),
    ("// using namespace a;\nconst char* b = \"using namespace c;\";\n", None),
    ("#define A {\nnamespace b = c;\nvoid F() {\nusing namespace c;\n}\n",
     None),
    ("struct S { char c = '{'; };\nusing namespace a;\n", 2),
    ("int i = 1'000;\nvoid F() {\nusing namespace a;\nint j = 2'000;\n}\n",
     None),
])
def test_using_namespace(text, line, tmp_path):
    check(using_namespace_violations, tmp_path, {"nn/a.cc": text},
          [] if line is None else [(f"nn/a.cc:{line}", "using")])


def test_pragma_once(tmp_path):
    check(pragma_once_violations, tmp_path, {
        "nn/a.h": "#pragma once\n", "nn/b.h": "// #pragma once\n",
        "nn/c-inl.h": "", "nn/d.cc": "",
    }, [("nn/b.h:1", "#pragma once")])


@pytest.mark.parametrize("text,name", [
    ('printf("a");', "printf"),
    ('std::fprintf(stderr, "a");', "printf"),
    ('fputs("a", stderr);', "puts"),
    ('perror("a");', "perror"),
    ('fmt::print("a");', "fmt::print"),
    ("std::cout << 1;", "std::cout"),
    ("std::cerr << 1;", "std::cout"),
    ("std::exit(1);", "exit"),
])
def test_speech(text, name, tmp_path):
    check(speech_violations, tmp_path, {
        path: f"void F() {{\n  {text}\n}}\n" for path in
        ["nn/a.cc", "nn/a_test.cc", "nn/a_bench.cc", "cli/a.cc",
         "base/error.cc"]
    }, [("nn/a.cc:2", name)])


def test_no_false_speech(tmp_path):
    check(speech_violations, tmp_path, {"nn/a.cc": """
        // printf("a") and std::cout
        auto s = "exit(1)"; auto r = R"(puts("a"))";
        snprintf(b, n, "%d", 1); fmt::format("a"); atexit(f); on_exit_(x);
    """}, [])
