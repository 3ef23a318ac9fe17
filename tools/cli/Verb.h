// A verb of the command line and the program that holds some of them. One verb, one file, one row in its program's
// table.
//
// stdout is data, stderr is messages. Exit codes are the values of tenon::Code (docs/cli.md); usage errors end with 2.
#pragma once

#include "runtime/base/Status.h"
#include "tools/cli/Terminal.h"

#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tenon::cli {

class Verb {
public:
  virtual ~Verb() = default;
  virtual const char *name() const = 0;
  virtual const char *summary() const = 0;
  virtual const char *examples() const = 0; // shell lines, shown by --help and in the reference
  // Declares options; their values are members of the verb.
  virtual void declare(CLI::App &app) = 0;
  // Runs after a successful parse.
  virtual Status run(Terminal &terminal) = 0;
};

// A verb that lives in another program, for the list that --help shows.
struct ForeignVerb {
  const char *name;
  const char *summary;
};

struct Program {
  const char *name;
  const char *description;
  std::vector<std::unique_ptr<Verb>> verbs;
  std::vector<ForeignVerb> foreign;
};

// Parses, runs one verb, reports its failure, returns the exit code. Whatever ends the program,
// unfinished output files are removed (LastResort.h). Call first in main. Also understands, for tools around the
// program:
// `--reference` (the verbs as Markdown) and `--options-of VERB` (its options, one a line).
int runProgram(Program &program, int argc, char **argv);

} // namespace tenon::cli
