#include "runtime/text/RegexSyntax.h"

#include "runtime/base/Json.h"
#include "runtime/text/RegexCase.h"
#include "runtime/text/RegexClass.h"
#include "runtime/text/RegexProperty.h"
#include "runtime/text/Unicode.h"

#include <cstdlib>
#include <vector>

namespace tenon::text {

namespace {

constexpr int maxGroupDepth = 200;
constexpr size_t noAtom = std::string::npos;

class Translator {
public:
  explicit Translator(std::string_view pattern) : source_(pattern) {}

  Result<std::string> run() {
    while (!source_.atEnd())
      TENON_TRY(item());
    if (!groups_.empty())
      return source_.broken("a ')' for every '('");
    closeOptions();
    return std::move(out_);
  }

private:
  struct Group {
    size_t start;       // where it begins in out_
    size_t openOptions; // how many option groups were open around it
    bool caseless;      // whether case was ignored around it
  };

  Status item();
  Status escape();
  Status group();
  Status options();
  Status quantifier();
  Status interval();
  Status repeat(std::string_view mark);

  void atom(std::string_view text) {
    atom_ = out_.size();
    quantified_ = false;
    previousLiteral_ = 0;
    out_ += text;
  }
  Status literal(char32_t code, std::string_view text);
  void open(size_t start, bool caseless) {
    groups_.push_back({start, openOptions_, caseless_});
    openOptions_ = 0;
    caseless_ = caseless;
    atom_ = noAtom;
    previousLiteral_ = 0;
  }
  void wrapAtom() {
    out_.insert(atom_, "(?:");
    out_ += ')';
  }
  void closeOptions() {
    for (; openOptions_ > 0; --openOptions_)
      out_ += ')';
  }

  RegexSource source_;
  std::string out_;
  std::vector<Group> groups_;
  size_t openOptions_ = 0; // option groups to close at the end of the innermost group
  size_t atom_ = noAtom;   // where the thing that a quantifier would repeat begins in out_
  bool quantified_ = false;
  bool named_ = false;
  bool caseless_ = false;
  char32_t previousLiteral_ = 0; // the character that the last item stands for, if it stands for one
};

Status Translator::item() {
  char c = source_.peek();
  switch (c) {
  case '\\':
    return escape();
  case '[': {
    TENON_ASSIGN(std::string matcher, translateClass(source_, caseless_));
    atom(matcher);
    return Status::ok();
  }
  case '(':
    return group();
  case ')': {
    source_.take();
    if (groups_.empty())
      return source_.broken("a '(' for every ')'");
    closeOptions();
    out_ += ')';
    atom_ = groups_.back().start;
    openOptions_ = groups_.back().openOptions;
    caseless_ = groups_.back().caseless;
    groups_.pop_back();
    quantified_ = false;
    previousLiteral_ = 0;
    return Status::ok();
  }
  case '|':
    source_.take();
    out_ += '|';
    atom_ = noAtom;
    previousLiteral_ = 0;
    return Status::ok();
  case '*':
  case '+':
  case '?':
    return quantifier();
  case '{':
    return interval();
  case '^':
  case '$':
  case '.':
    atom(std::string(1, source_.take()));
    return Status::ok();
  default: {
    TENON_ASSIGN(char32_t code, source_.takeCharacter());
    std::string text;
    appendUtf8(text, code);
    return literal(code, text);
  }
  }
}

Status Translator::literal(char32_t code, std::string_view text) {
  if (caseless_ && (hasLongFold(code, code) || (previousLiteral_ != 0 && mayBeLongFold(previousLiteral_, code))))
    return source_.unknown("case-insensitive text that also matches a single character or several");
  atom(text);
  previousLiteral_ = code;
  return Status::ok();
}

Status Translator::escape() {
  // Anchors and what else stands only outside of classes.
  switch (source_.peek(1)) {
  case 'A':
  case 'z':
  case 'Z':
  case 'G':
  case 'K':
  case 'R':
  case 'N': {
    std::string text{source_.take()};
    text += source_.take();
    atom(text);
    return Status::ok();
  }
  case 'O':
    source_.take(), source_.take();
    atom("(?s:.)");
    return Status::ok();
  case 'b':
  case 'B': {
    source_.take();
    bool boundary = source_.take() == 'b';
    std::string word = "[" + wordMembers(/*inClass=*/false) + "]";
    std::string before = "(?<=" + word + ")", notBefore = "(?<!" + word + ")";
    std::string after = "(?=" + word + ")", notAfter = "(?!" + word + ")";
    atom(boundary ? "(?:" + before + notAfter + "|" + notBefore + after + ")"
                  : "(?:" + before + after + "|" + notBefore + notAfter + ")");
    return Status::ok();
  }
  case '1':
  case '2':
  case '3':
  case '4':
  case '5':
  case '6':
  case '7':
  case '8':
  case '9':
    if (named_)
      return source_.unknown("a numbered back-reference beside named groups");
    if (source_.peek(2) >= '0' && source_.peek(2) <= '9')
      return source_.unknown("a back-reference of two digits");
    source_.take();
    atom("\\g{" + std::string(1, source_.take()) + "}");
    return Status::ok();
  default: {
    TENON_ASSIGN(ClassItem item, takeEscape(source_, /*inClass=*/false));
    if (item.kind == ClassItem::Literal)
      return literal(item.code, matcherOf(item));
    atom(matcherOf(item));
    return Status::ok();
  }
  }
}

Status Translator::group() {
  if (groups_.size() >= maxGroupDepth)
    return source_.broken("at most " + std::to_string(maxGroupDepth) + " groups within one another");
  source_.take();
  size_t start = out_.size();
  if (source_.peek() == '*')
    return source_.unknown("the verb '(*'");
  if (source_.peek() != '?') {
    out_ += '(';
  } else {
    std::string_view rest = source_.rest();
    auto opens = [&](std::string_view mark) { return rest.substr(0, mark.size()) == mark; };
    if (opens("?#")) {
      while (!source_.atEnd() && source_.peek() != ')')
        source_.take();
      if (source_.atEnd())
        return source_.broken("a ')' for every '('");
      source_.take();
      return Status::ok();
    }
    std::string_view mark;
    for (std::string_view known : {"?:", "?=", "?!", "?>", "?<=", "?<!"})
      if (opens(known))
        mark = known;
    if (!mark.empty()) {
      out_ += '(';
      out_ += mark;
      for (size_t i = 0; i < mark.size(); ++i)
        source_.take();
    } else if (opens("?<")) {
      size_t end = rest.find('>');
      if (end == std::string_view::npos || end < 3)
        return source_.broken("a group name that ends in '>'");
      for (char c : rest.substr(2, end - 2))
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_')
          return source_.unknown("a group name that is not of ASCII letters");
      named_ = true;
      out_ += '(';
      out_ += rest.substr(0, end + 1);
      for (size_t i = 0; i <= end; ++i)
        source_.take();
    } else {
      return options();
    }
  }
  open(start, caseless_);
  return Status::ok();
}

// (?im-im) or (?im-im:subexpression), the opening parenthesis already taken.
Status Translator::options() {
  source_.take(); // '?'
  std::string letters;
  bool caseless = caseless_, on = true;
  for (; source_.peek() != ':' && source_.peek() != ')'; source_.take()) {
    switch (source_.peek()) {
    case '-':
      on = false;
      letters += '-';
      break;
    case 'i':
      caseless = on;
      letters += 'i';
      break;
    case 'm': // Ruby's m is everybody else's s
      letters += 's';
      break;
    default:
      return source_.unknown("the group '(?" + std::string(1, source_.peek()) + "'");
    }
  }
  size_t start = out_.size();
  out_ += "(?" + letters + ":";
  if (source_.take() == ':') {
    open(start, caseless);
    return Status::ok();
  }
  ++openOptions_; // to the end of the group around it
  caseless_ = caseless;
  atom_ = noAtom;
  previousLiteral_ = 0;
  return Status::ok();
}

// Appends a quantifier; one that follows another repeats the whole of what stands before it.
Status Translator::repeat(std::string_view mark) {
  if (atom_ == noAtom)
    return source_.broken("something to repeat before " + std::string(mark));
  if (quantified_)
    wrapAtom();
  out_ += mark;
  quantified_ = true;
  return Status::ok();
}

Status Translator::quantifier() {
  std::string mark(1, source_.take());
  if (source_.peek() == '?' || source_.peek() == '+')
    mark += source_.take();
  return repeat(mark);
}

Status Translator::interval() {
  // {n} {n,} {n,m} {,m}; anything else is text.
  std::string_view rest = source_.rest();
  size_t at = 1;
  auto number = [&] {
    std::string digits;
    while (at < rest.size() && rest[at] >= '0' && rest[at] <= '9')
      digits += rest[at++];
    return digits;
  };
  std::string low = number();
  bool comma = at < rest.size() && rest[at] == ',';
  at += comma;
  std::string high = comma ? number() : low;
  bool isInterval = at < rest.size() && rest[at] == '}' && !(low.empty() && high.empty());
  if (!isInterval) {
    source_.take();
    atom("\\{");
    return Status::ok();
  }
  if (low.size() > 5 || high.size() > 5)
    return source_.broken("intervals of at most 65535");
  if (!low.empty() && !high.empty() && std::atoi(low.c_str()) > std::atoi(high.c_str()))
    return source_.unknown("an interval whose first number is the larger one");
  for (size_t i = 0; i <= at; ++i)
    source_.take();
  std::string mark = "{" + (low.empty() ? "0" : low) + (comma ? "," + high : "") + "}";
  // A fixed interval is never lazy, and no interval is possessive: there '?' and '+' are quantifiers of their own.
  if (comma && source_.peek() == '?')
    mark += source_.take();
  return repeat(mark);
}

} // namespace

Result<std::string> translateOniguruma(std::string_view pattern) {
  if (!isUtf8(pattern))
    return Status(Code::InvalidFile, "expected a regular expression in UTF-8, got other bytes");
  return Translator(pattern).run();
}

} // namespace tenon::text
