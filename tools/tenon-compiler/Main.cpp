// tenon-compiler: the verbs of `tenon` that need LLVM. Users call `tenon compile` and `tenon plan`, which start this
// program.
#include "runtime/io/Temporaries.h"
#include "tools/tenon-compiler/Verbs.h"

int main(int argc, char **argv) {
  tenon::io::removeTemporariesOnSignals();
  tenon::cli::Program program{"tenon", "Compile transformer models ahead of time", {}, {}};
  program.verbs.push_back(tenon::cli::makeCompileVerb());
  program.verbs.push_back(tenon::cli::makePlanVerb());
  return tenon::cli::runProgram(program, argc, argv);
}
