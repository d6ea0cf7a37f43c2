//! gcc and g++, each compiling a big file.

use super::Program;
use super::evidence::Evidence;
use super::process::missing;
use super::stage::Stage;
use super::trouble::Trouble;
use core::fmt::Write as _;
use core::time::Duration;
use std::fs;
use std::path::Path;

pub(super) const PROGRAM: Program = Program {
    name: "compilers",
    packages: &["gcc", "g++"],
    missing: || missing(&["gcc", "g++"]),
    compared: "the object files of gcc and g++ and the linked program byte by byte, warnings, what the compiled program prints",
    run,
};

const TIME: Duration = Duration::from_secs(600);

fn run(stage: &Stage) -> Result<Evidence, Trouble> {
    let folder = stage.folder();
    let mut evidence = Evidence::default();
    let (functions, kinds) = if stage.is_quick() {
        (600, 12)
    } else {
        (3_000, 60)
    };
    write(&folder.join("big.c"), &c_source(functions)?)?;
    write(&folder.join("big.cc"), &cpp_source(kinds)?)?;
    // The folder is in the debug information, and each arm has its own.
    let map = format!("-fdebug-prefix-map={}=.", folder.display());
    let gcc = ["-O2", "-g", "-Wall", &map, "-c", "big.c", "-o", "c.o"];
    stage.run(stage.launch("gcc")?.current_dir(folder).args(gcc), TIME)?;
    let gpp = [
        "-std=c++17",
        "-O2",
        "-g",
        "-Wall",
        &map,
        "-c",
        "big.cc",
        "-o",
        "cpp.o",
    ];
    let compiled = stage.run(stage.launch("g++")?.current_dir(folder).args(gpp), TIME)?;
    let link = ["cpp.o", "-o", "big"];
    stage.run(stage.launch("g++")?.current_dir(folder).args(link), TIME)?;
    let program = folder.join("big");
    let printed = stage.run(stage.launch(&program.display().to_string())?, TIME)?;
    evidence.file("object of gcc", &folder.join("c.o"));
    evidence.file("object of g++", &folder.join("cpp.o"));
    evidence.file("linked program", &program);
    evidence.file("output of g++", &compiled.stdout);
    evidence.file("output of the program", &printed.stdout);
    Ok(evidence)
}

fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    fs::write(path, text).map_err(|error| Trouble::new(format!("{}: {error}", path.display())))
}

fn c_source(functions: usize) -> Result<String, Trouble> {
    let mut text = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n".to_owned();
    for i in 0..functions {
        let written = write!(
            text,
            "struct s{i} {{ int a[{}]; double d; struct s{i} *next; }};\n\
             int f{i}(struct s{i} *s, int n) {{\n  int sum = {i};\n  for (int j = 0; j < n; j++) {{\n    \
             switch ((s->a[j % {}] + j) % 7) {{ case 0: sum += j * {i}; break; case 1: sum ^= s->a[0]; break;\n    \
             case 2: s->d *= 1.5; break; case 5: if (s->next) s = s->next; break; default: sum -= {}; }}\n  }}\n  \
             return sum + (int)strlen(\"string number {i}\");\n}}\n",
            i % 13 + 1,
            i % 13 + 1,
            i * 3
        );
        written.map_err(|error| Trouble::new(error.to_string()))?;
    }
    Ok(text)
}

fn cpp_source(kinds: usize) -> Result<String, Trouble> {
    let mut text = CPP_HEAD.to_owned();
    for i in 0..kinds {
        let written = write!(
            text,
            "struct Kind{i} {{ int value; std::string name; auto operator<(const Kind{i} &o) const {{ \
             return value < o.value; }} }};\n\
             static long use{i}() {{\n  std::map<std::string, std::vector<Kind{i}>> map;\n  \
             std::unordered_map<int, std::shared_ptr<Kind{i}>> shared;\n  std::set<Kind{i}> set;\n  \
             for (int j = 0; j < 50; j++) {{\n    Kind{i} kind{{j * {i} % 17, \"k\" + std::to_string(j)}};\n    \
             map[kind.name].push_back(kind); shared[j] = std::make_shared<Kind{i}>(kind); set.insert(kind);\n  }}\n  \
             std::vector<Kind{i}> all;\n  for (auto &[name, list] : map) all.insert(all.end(), list.begin(), list.end());\n  \
             std::sort(all.begin(), all.end());\n  std::function<long(std::size_t)> sum = [&](std::size_t n) -> long {{ \
             return n == all.size() ? 0 : all[n].value + sum(n + 1); }};\n  \
             return sum(0) + long(set.size()) + long(shared.size()) + Sum<{}>::value;\n}}\n",
            200 + i
        );
        written.map_err(|error| Trouble::new(error.to_string()))?;
    }
    text.push_str("int main() {\n  long total = 0;\n");
    for i in 0..kinds {
        writeln!(text, "  total += use{i}();").map_err(|error| Trouble::new(error.to_string()))?;
    }
    text.push_str("  std::cout << total << std::endl;\n}\n");
    Ok(text)
}

const CPP_HEAD: &str = "#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>
template <int N> struct Sum { static constexpr long value = N + Sum<N - 1>::value; };
template <> struct Sum<0> { static constexpr long value = 0; };
";
