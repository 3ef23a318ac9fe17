#include "runtime/text/Regex.h"

#include "runtime/base/Json.h"
#include "runtime/text/RegexSyntax.h"
#include "runtime/text/Unicode.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace tenon::text {

namespace {
// A pattern that needs more than this on any text of a model's context is not a tokenizer's.
constexpr uint32_t matchLimit = 10'000'000;
constexpr uint32_t depthLimit = 100'000;
constexpr uint32_t heapLimitKib = 64 << 10;
constexpr size_t jitStackStart = 64 << 10;
constexpr size_t jitStackMost = 16 << 20;
constexpr size_t longestPattern = 16 << 10;

std::string pcre2Message(int code) {
  unsigned char buffer[200];
  int length = pcre2_get_error_message(code, buffer, sizeof buffer);
  return length < 0 ? "error " + std::to_string(code) : std::string(reinterpret_cast<char *>(buffer));
}
} // namespace

Result<std::unique_ptr<Regex>> Regex::compile(std::string_view pattern) {
  if (pattern.size() > longestPattern)
    return Status(Code::InvalidFile, "expected a regular expression of at most " + std::to_string(longestPattern) +
                                         " bytes, got " + std::to_string(pattern.size()));
  TENON_ASSIGN(std::string translated, translateOniguruma(pattern));
  pcre2_compile_context *context = pcre2_compile_context_create(nullptr);
  if (!context)
    return Status(Code::Resource, "out of memory while compiling a regular expression");
  pcre2_set_newline(context, PCRE2_NEWLINE_LF);
  pcre2_set_bsr(context, PCRE2_BSR_UNICODE);
  int error = 0;
  PCRE2_SIZE errorAt = 0;
  // MULTILINE: in Ruby ^ and $ are always line anchors. NEVER_BACKSLASH_C: \C could cut a character in two.
  pcre2_code *code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &errorAt, context);
  pcre2_compile_context_free(context);
  if (!code)
    return Status(Code::Unsupported, "regular expression " + quoteForMessage(pattern) +
                                         " does not compile: " + pcre2Message(error) + " (at byte " +
                                         std::to_string(errorAt) + " of " + quoteForMessage(translated) + ")");
  // Where memory may not be made executable this fails, and the interpreter matches instead: slower, with the same
  // result.
  (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  std::unique_ptr<Regex> regex(new Regex());
  regex->code_ = code;
  regex->pattern_ = pattern;
  return regex;
}

size_t Regex::leastLength() const {
  uint32_t characters = 0; // of at least one byte each
  return pcre2_pattern_info(code_, PCRE2_INFO_MINLENGTH, &characters) == 0 ? characters : 0;
}

Regex::~Regex() { pcre2_code_free(code_); }

RegexSearch::RegexSearch(const Regex &regex) : regex_(regex) {
  data_ = pcre2_match_data_create(1, nullptr); // only the whole match is asked for
  context_ = pcre2_match_context_create(nullptr);
  if (!context_)
    return;
  pcre2_set_match_limit(context_, matchLimit);
  pcre2_set_depth_limit(context_, depthLimit);
  pcre2_set_heap_limit(context_, heapLimitKib);
}

RegexSearch::~RegexSearch() {
  pcre2_match_data_free(data_);
  pcre2_match_context_free(context_);
  pcre2_jit_stack_free(jitStack_);
}

void RegexSearch::start(std::string_view text) {
  text_ = text;
  begin_ = end_ = from_ = 0;
  skipNextEmpty_ = false;
}

Result<bool> RegexSearch::matchFrom(size_t at) {
  if (!data_ || !context_)
    return Status(Code::Resource, "out of memory while matching a regular expression");
  auto match = [&] {
    return pcre2_match(regex_.code_, reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(), at, PCRE2_NO_UTF_CHECK,
                       data_, context_);
  };
  int result = match();
  if (result == PCRE2_ERROR_JIT_STACKLIMIT &&
      !jitStack_) { // the 32 KiB that PCRE2 takes from our stack were not enough
    jitStack_ = pcre2_jit_stack_create(jitStackStart, jitStackMost, nullptr);
    pcre2_jit_stack_assign(context_, nullptr, jitStack_);
    result = match();
  }
  if (result == PCRE2_ERROR_NOMATCH)
    return false;
  if (result < 0)
    return Status(Code::Resource, "regular expression " + quoteForMessage(regex_.pattern_) +
                                      " gave up on the text at byte " + std::to_string(at) + ": " +
                                      pcre2Message(result) + "; split the text into shorter pieces");
  const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(data_);
  begin_ = offsets[0];
  end_ = offsets[1];
  return true;
}

// Which empty matches count follows rust-onig's iterator, which the reference uses: one empty match is dropped after a
// match that was not empty, wherever that empty match comes.
Result<bool> RegexSearch::next() {
  while (from_ <= text_.size()) {
    TENON_ASSIGN(bool found, matchFrom(from_));
    if (!found)
      break;
    from_ = end_;
    if (begin_ != end_) {
      skipNextEmpty_ = true;
      return true;
    }
    from_ += end_ < text_.size() ? utf8Length(text_[end_]) : 1;
    if (!skipNextEmpty_)
      return true;
    skipNextEmpty_ = false;
  }
  from_ = text_.size() + 1;
  return false;
}

} // namespace tenon::text
