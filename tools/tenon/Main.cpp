// tenon: everything that needs an engine but no compiler, so that it starts in milliseconds and ships without LLVM.
//
// `tenon compile`, `tenon plan` and `tenon cache` are run by tenon-compiler, which is looked for beside this program
// and in
// ../libexec/tenon.
#include "tools/tenon/Verbs.h"

#include <climits>
#include <cstring>
#include <string>
#include <unistd.h>

using namespace tenon;
using namespace tenon::cli;

static const ForeignVerb kCompilerVerbs[] = {
    {"compile", "Compile a model into an engine file"},
    {"plan", "Say exactly what an engine will take, without building it"},
    {"cache", "Look after the cache of compiled artifacts"},
};

// Replaces this process by the compiler; returns only when there is none.
static int runCompiler(char **argv) {
  char self[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  std::string folder(self, length > 0 ? static_cast<size_t>(length) : 0);
  folder.resize(folder.rfind('/') == std::string::npos ? 0 : folder.rfind('/'));
  for (const char *place : {"/tenon-compiler", "/../libexec/tenon/tenon-compiler"}) {
    const std::string path = folder + place;
    execv(path.c_str(), argv);
  }
  Terminal().error(
      Status(Code::HostUnfit, std::string("'tenon ") + argv[1] +
                                  "' needs tenon-compiler, which is not installed beside tenon (" + folder +
                                  ")\ninstall the compiler, or compile on another machine: engines are portable"));
  return static_cast<int>(Code::HostUnfit);
}

int main(int argc, char **argv) {
  if (argc > 1)
    for (const ForeignVerb &verb : kCompilerVerbs)
      if (std::strcmp(argv[1], verb.name) == 0 ||
          (argc > 2 && std::strcmp(argv[1], "--options-of") == 0 && std::strcmp(argv[2], verb.name) == 0))
        return runCompiler(argv);
  Program program{"tenon",
                  "Compile transformer models ahead of time and run them",
                  {},
                  {std::begin(kCompilerVerbs), std::end(kCompilerVerbs)}};
  for (auto make : {makeRunVerb, makeTokenizeVerb, makeInspectVerb, makeBenchVerb, makeDoctorVerb, makeCompletionVerb})
    program.verbs.push_back(make());
  return runProgram(program, argc, argv);
}
