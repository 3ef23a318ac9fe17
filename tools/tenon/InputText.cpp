#include "tools/tenon/InputText.h"

#include "runtime/base/Json.h"
#include "runtime/text/Unicode.h"
#include "tools/cli/StandardStreams.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace tenon::cli {

static constexpr size_t kMaxInputBytes = 64 << 20;

void InputText::declare(CLI::App &app) {
  promptOption_ = app.add_option("-p,--prompt", prompt_, "Prompt text");
  fileOption_ = app.add_option("-f,--file", file_, "File that holds the prompt; - for standard input");
  tokensOption_ = app.add_option("--tokens", tokens_, "Prompt as token ids, such as 1,2,3");
  app.add_flag("--no-special", noSpecial_, "Do not add the tokenizer's begin token");
}

static std::string nameOf(const std::string &path) { return path == "-" ? "standard input" : "'" + path + "'"; }

Result<std::string> readWholeInput(const std::string &path) {
  const bool standard = path == "-";
  if (standard && isStandardInputClosed())
    return Status(Code::Usage, "standard input is closed; open it (< FILE), or name the file");
  FILE *file = standard ? stdin : std::fopen(path.c_str(), "rb");
  if (!file)
    return Status(Code::InvalidFile, "cannot read '" + path + "': " + std::strerror(errno));
  std::string text;
  char buffer[65536];
  size_t got;
  while ((got = std::fread(buffer, 1, sizeof buffer, file)) > 0 && text.size() <= kMaxInputBytes)
    text.append(buffer, got);
  const bool failed = std::ferror(file);
  const int error = errno;
  if (!standard)
    std::fclose(file);
  const std::string what = nameOf(path);
  if (failed)
    return Status(Code::InvalidFile, "cannot read " + what + ": " + std::strerror(error));
  if (text.size() > kMaxInputBytes)
    return Status(Code::InvalidFile, what + " is larger than 64 MiB, which no prompt needs");
  return text;
}

static Status checkUtf8(std::string_view text, const std::string &what, const char *advice) {
  if (const size_t valid = text::validUtf8Prefix(text); valid < text.size())
    return Status(Code::InvalidFile, what + ": expected text in UTF-8, got other bytes at offset " +
                                         std::to_string(valid) + "; " + advice);
  return Status::ok();
}

Result<std::string> readText(const std::string &path) {
  TENON_ASSIGN(std::string text, readWholeInput(path));
  TENON_TRY(checkUtf8(text, nameOf(path), "convert it (iconv -t UTF-8) or use another file"));
  return text;
}

Status checkPrompt(std::string_view text) {
  return checkUtf8(text, "--prompt", "use a terminal in UTF-8, or give the text as --file");
}

Result<std::vector<int32_t>> parseTokenIds(const char *flag, std::string_view text, uint32_t vocab) {
  std::vector<int32_t> ids;
  while (true) {
    const std::string_view piece = text.substr(0, text.find(','));
    int64_t id = -1;
    const auto [end, error] = std::from_chars(piece.data(), piece.data() + piece.size(), id);
    if (error != std::errc() || end != piece.data() + piece.size() || id < 0 || id >= vocab)
      return Status(Code::Usage, std::string(flag) + ": expected ids from 0 to " + std::to_string(vocab - 1) +
                                     " separated by commas, got " + quoteForMessage(piece));
    ids.push_back(static_cast<int32_t>(id));
    if (piece.size() == text.size())
      return ids;
    text.remove_prefix(piece.size() + 1);
  }
}

Result<std::unique_ptr<text::Tokenizer>> tokenizerOf(const EngineFile &file) {
  const std::string_view tokenizer = file.text(schema::SegmentKind::Tokenizer);
  if (tokenizer.empty())
    return std::unique_ptr<text::Tokenizer>();
  return text::Tokenizer::parse(tokenizer, file.text(schema::SegmentKind::TokenizerConfig));
}

// Refused before any of the prompt is printed or fed.
static Status checkLength(std::span<const int32_t> tokens, const Engine &engine) {
  const uint32_t most = engine.limits().maxContext;
  if (tokens.size() <= most)
    return Status::ok();
  return Status(Code::Constraint, "the prompt has " + std::to_string(tokens.size()) + " tokens, the engine takes " +
                                      std::to_string(most) + "; shorten it, or compile with a larger --max-seq");
}

// Where no option names a prompt. Nothing at all there is no prompt either: it is rarely meant.
static Result<std::string> readStandardInput() {
  static const char kAdvice[] = ": give -p TEXT, -f FILE, --tokens IDS or something on standard input";
  if (isatty(STDIN_FILENO))
    return Status(Code::Usage, std::string("no prompt") + kAdvice);
  if (isStandardInputClosed())
    return Status(Code::Usage, std::string("no prompt, and standard input is closed") + kAdvice);
  TENON_ASSIGN(std::string text, readText("-"));
  if (text.empty())
    return Status(Code::Usage,
                  std::string("no prompt, and standard input is empty") + kAdvice + " (-p \"\" is the empty prompt)");
  return text;
}

Result<Prompt> InputText::read(const Engine &engine) const {
  const size_t sources = promptOption_->count() + fileOption_->count() + tokensOption_->count();
  if (sources > 1)
    return Status(Code::Usage, "give one of --prompt, --file and --tokens");
  Prompt prompt;
  TENON_ASSIGN(prompt.tokenizer, tokenizerOf(engine.file()));
  const uint32_t vocab = engine.limits().vocab;
  if (tokensOption_->count()) {
    TENON_ASSIGN(prompt.tokens, parseTokenIds("--tokens", tokens_, vocab));
    TENON_TRY(checkLength(prompt.tokens, engine));
    return prompt;
  }
  if (!prompt.tokenizer)
    return Status(Code::Usage, "this engine has no tokenizer; give the prompt as --tokens 1,2,3");
  if (promptOption_->count()) {
    TENON_TRY(checkPrompt(prompt_));
    prompt.text = prompt_;
  } else if (fileOption_->count()) {
    TENON_ASSIGN(prompt.text, readText(file_));
  } else {
    TENON_ASSIGN(prompt.text, readStandardInput());
  }
  prompt.echo = true;
  TENON_ASSIGN(prompt.tokens, prompt.tokenizer->encode(prompt.text, !noSpecial_));
  if (prompt.tokens.empty())
    return Status(Code::Usage, "the prompt is empty and the tokenizer adds no begin token");
  for (int32_t id : prompt.tokens)
    if (static_cast<uint32_t>(id) >= vocab)
      return Status(Code::InvalidFile, "the tokenizer gives token " + std::to_string(id) +
                                           ", the model's vocabulary ends at " + std::to_string(vocab - 1));
  TENON_TRY(checkLength(prompt.tokens, engine));
  return prompt;
}

} // namespace tenon::cli
