// One compiled regular expression: PCRE2 with UTF and Unicode properties, JIT where the machine allows it, with limits
// on backtracking, depth and memory, so that no text can keep a pattern busy for ever.
//
// Patterns are written in Oniguruma's Ruby syntax, which is what tokenizer.json files use; RegexSyntax.h translates
// them. Threads: a Regex is immutable; each RegexSearch belongs to one thread.
#pragma once

#include "runtime/base/Status.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;
struct pcre2_real_jit_stack_8;

namespace tenon::text {

class Regex {
public:
  // Errors: Unsupported for syntax that PCRE2 or the translation lacks, InvalidFile for what is no pattern at all.
  static Result<std::unique_ptr<Regex>> compile(std::string_view pattern);
  ~Regex();
  // No match has fewer bytes.
  size_t leastLength() const;

  Regex(const Regex &) = delete;
  Regex &operator=(const Regex &) = delete;

private:
  friend class RegexSearch;
  Regex() = default;
  pcre2_real_code_8 *code_ = nullptr;
  std::string pattern_; // as written, for messages
};

// The matches of a pattern in one text, leftmost first, none overlapping.
class RegexSearch {
public:
  explicit RegexSearch(const Regex &regex);
  ~RegexSearch();
  RegexSearch(const RegexSearch &) = delete;
  RegexSearch &operator=(const RegexSearch &) = delete;

  // Begins anew on `text` (valid UTF-8), which must outlive the search.
  void start(std::string_view text);
  // Sets begin() and end() to the next match; false at the end of the text. Error: Resource when a limit is reached.
  Result<bool> next();
  size_t begin() const { return begin_; }
  size_t end() const { return end_; }

private:
  Result<bool> matchFrom(size_t at);

  const Regex &regex_;
  pcre2_real_match_data_8 *data_ = nullptr;
  pcre2_real_match_context_8 *context_ = nullptr;
  pcre2_real_jit_stack_8 *jitStack_ = nullptr;
  std::string_view text_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t from_ = 0; // where the next search starts
  bool skipNextEmpty_ = false;
};

} // namespace tenon::text
