// Where a prompt comes from: -p TEXT, -f FILE, --tokens IDS, or standard input; exactly one of them.
#pragma once

#include "runtime/session/Engine.h"
#include "runtime/text/Tokenizer.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

namespace tenon::cli {

struct Prompt {
  std::string text;                           // as given; empty with --tokens
  std::vector<int32_t> tokens;                // at least one
  bool echo = false;                          // the text is to be printed before what is generated
  std::unique_ptr<text::Tokenizer> tokenizer; // null when the engine has none (then only --tokens works)
};

class InputText {
public:
  void declare(CLI::App &app);
  // Errors: Usage (none or several sources, an id outside the vocabulary), InvalidFile (the file cannot be read or is
  // not text), Constraint (more tokens than the engine's context holds).
  Result<Prompt> read(const Engine &engine) const;

private:
  std::string prompt_, file_, tokens_;
  bool noSpecial_ = false;
  CLI::Option *promptOption_ = nullptr, *fileOption_ = nullptr, *tokensOption_ = nullptr;
};

// The tokenizer that the engine carries; null when it carries none.
Result<std::unique_ptr<text::Tokenizer>> tokenizerOf(const EngineFile &file);

// "1,2,3" -> ids; Usage, naming `flag`, when one is not a whole number in [0, vocab).
Result<std::vector<int32_t>> parseTokenIds(const char *flag, std::string_view text, uint32_t vocab);

// All of a file, or of standard input for "-"; at most 64 MiB. InvalidFile otherwise, Usage when standard input is
// closed.
Result<std::string> readWholeInput(const std::string &path);
// The same, of text: UTF-8.
Result<std::string> readText(const std::string &path);
// InvalidFile where the text given as --prompt is not UTF-8.
Status checkPrompt(std::string_view text);

} // namespace tenon::cli
