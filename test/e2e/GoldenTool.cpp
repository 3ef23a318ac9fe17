// tenon-golden: runs the end-to-end checks of Checks.h on an engine; exit code 0 when all hold.
#include "test/e2e/Checks.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace tenon;

static int usage() {
  std::fputs(
      "usage: tenon-golden CHECK ENGINE MODEL_FOLDER [--tolerance X] [--eval FOLDER] [--text FILE] [--windows N] "
      "[--threads N] [--against ENGINE] [--divergence X]\n"
      "  CHECK: compare (perplexity and divergence --against another engine), logits, greedy, perplexity, invariance, "
      "tokens (prints the greedy text of every prompt as ids)\n",
      stderr);
  return 2;
}

static Status printTokens(Engine &engine, const std::string &model) {
  TENON_ASSIGN(const auto prompts, golden::readPrompts(model));
  for (const auto &prompt : prompts) {
    TENON_ASSIGN(const auto text, golden::greedyText(engine, prompt.tokens, 32));
    std::printf("%s:", prompt.name.c_str());
    for (int32_t id : text)
      std::printf(" %d", id);
    std::printf("\n");
  }
  return Status::ok();
}

int main(int argc, char **argv) {
  if (argc < 4 || argc % 2)
    return usage();
  const std::string check = argv[1], path = argv[2], model = argv[3];
  double tolerance = 0, divergence = 0;
  uint64_t windows = 0;
  std::string evalFolder = model + "/../eval", text = "text.txt";
  EngineOptions options;
  std::string against;
  for (int i = 4; i + 1 < argc; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    if (name == "--tolerance")
      tolerance = std::atof(value.c_str());
    else if (name == "--divergence")
      divergence = std::atof(value.c_str());
    else if (name == "--eval")
      evalFolder = value;
    else if (name == "--text")
      text = value;
    else if (name == "--against")
      against = value;
    else if (name == "--windows")
      windows = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--threads")
      options.threads = static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10));
    else
      return usage();
  }
  auto engine = Engine::open(path, options);
  Status status = engine.isOk() ? Status::ok() : engine.status();
  if (status.isOk()) {
    if (check == "logits")
      status = golden::checkLogits(**engine, model, tolerance);
    else if (check == "greedy")
      status = golden::checkGreedy(**engine, model, tolerance);
    else if (check == "perplexity")
      status = golden::checkPerplexity(**engine, model, evalFolder, text, tolerance, windows);
    else if (check == "compare") {
      auto reference = Engine::open(against, options);
      status = reference.isOk() ? golden::comparePerplexity(**engine, **reference, evalFolder, text,
                                                            {tolerance, divergence}, windows)
                                : reference.status();
    } else if (check == "invariance")
      status = golden::checkInvariance(**engine, model);
    else if (check == "tokens")
      status = printTokens(**engine, model);
    else
      return usage();
  }
  if (!status.isOk())
    std::printf("FAILED: %s\n", status.message().c_str());
  return static_cast<int>(status.code());
}
