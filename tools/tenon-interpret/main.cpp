// tenon-interpret: runs a model op by op in plain f32 loops. The reference that kernels and engines are compared with;
// slow.
#include "tools/cli/Quantity.h"
#include "tools/cli/StandardStreams.h"
#include "tools/cli/Terminal.h"
#include "tools/tenon-interpret/Interpret.h"

#include <CLI/CLI.hpp>

using namespace tenon;

static int finish(const Status &status) {
  if (!status.isOk())
    cli::Terminal().error(status);
  return static_cast<int>(status.code());
}

int main(int argc, char **argv) {
  cli::reserveStandardStreams();
  InterpretOptions options;
  CLI::App app("Run a model op by op through the reference evaluation, in f32");
  app.footer("Examples:\n"
             "  tenon-interpret test/models/verse-1m --tokens 4088,300,17 --generate 20\n"
             "  tenon-interpret test/models/verse-1m --tokens 4088,300,17 --logits logits.npy\n"
             "  tenon-interpret test/models/verse-1m --emit-module > model.mlir\n"
             "  tenon-interpret model.mlir --weights test/models/verse-1m --tokens 4088,300,17 --generate 20");
  app.add_option("MODEL", options.input, "A model folder, random:CONFIG.json, zeros:CONFIG.json, or a module (.mlir)")
      ->required();
  app.add_option("--weights", options.weights, "For a module: the model that its weights come from");
  app.add_option("--tokens", options.tokens, "Ids of the prompt's tokens, such as 4088,300,17")
      ->delimiter(',')
      ->check(CLI::Range(0, INT32_MAX));
  app.add_option("--logits", options.logits,
                 "Write the logits of every prompt token to this .npy file, f32 [tokens, vocabulary]");
  app.add_option("--generate", options.generate, "Print this many greedy tokens after the prompt")
      ->check(CLI::Range(0, 1 << 20));
  app.add_option("--max-seq", options.maxContext, "Context of the module that is built (as long as needed)")
      ->check(CLI::PositiveNumber);
  app.add_option("--max-batch", options.maxSequences, "Sequences of the module that is built")
      ->check(CLI::PositiveNumber);
  app.add_flag("--emit-module", options.emitModule, "Print the module and stop");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (app.exit(error) != 0)
      return static_cast<int>(Code::Usage);
    return finish(cli::deliverStandardOutput()); // that was --help
  }
  return finish(interpret(options));
}
