#include "runtime/text/RegexClass.h"

#include "runtime/base/Json.h"
#include "runtime/text/RegexCase.h"
#include "runtime/text/RegexProperty.h"
#include "runtime/text/Unicode.h"

#include <vector>

namespace tenon::text {

namespace {

constexpr int maxClassDepth = 32;

std::string hexCode(char32_t code) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (int shift = 20; shift >= 0; shift -= 4)
    if (code >> shift != 0 || shift <= 4)
      out += digits[code >> shift & 15];
  return "\\x{" + out + "}";
}

int hexDigit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

// Digits after \x, \x{, \u. Raw bytes of a longer character (\xE2\x80\x99) are refused.
Result<char32_t> takeHex(RegexSource &source, int least, int most) {
  char32_t code = 0;
  int count = 0;
  for (; count < most && hexDigit(source.peek()) >= 0; ++count)
    code = code << 4 | static_cast<char32_t>(hexDigit(source.take()));
  if (count < least)
    return source.broken("hexadecimal digits");
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
    return source.broken("the number of a Unicode character");
  return code;
}

Result<ClassItem> set(std::string_view members, bool negated) {
  return ClassItem{negated ? ClassItem::NegatedSet : ClassItem::Set, 0, std::string(members), false};
}

// \p{name} \p{^name} \P{name}, the cursor behind the letter.
Result<ClassItem> takeProperty(RegexSource &source, bool negated, bool inClass) {
  size_t end = source.rest().find('}');
  if (source.peek() != '{' || end == std::string_view::npos)
    return source.unknown("a property without its name in braces");
  std::string_view name = source.rest().substr(1, end - 1);
  for (size_t i = 0; i <= end; ++i)
    source.take();
  if (!name.empty() && name[0] == '^') {
    negated = !negated;
    name.remove_prefix(1);
  }
  std::optional<std::string> members = propertyMembers(name, inClass);
  if (!members)
    return source.unknown("the property " + quoteForMessage(name));
  TENON_ASSIGN(ClassItem item, set(*members, negated));
  item.cased = true;
  return item;
}

// A class is a union of operands; operands are intersected.
class ClassTranslator {
public:
  ClassTranslator(RegexSource &source, bool caseless) : source_(source), caseless_(caseless) {}

  // The cursor on '['.
  Result<std::string> run(int depth) {
    if (depth > maxClassDepth)
      return source_.broken("at most " + std::to_string(maxClassDepth) + " classes within one another");
    source_.take();
    bool negated = source_.peek() == '^';
    if (negated)
      source_.take();
    bool first = true; // a ']' that comes first is text
    for (; source_.peek() != ']' || first; first = false) {
      if (source_.atEnd())
        return source_.broken("a ']' for every '['");
      TENON_TRY(element(depth));
    }
    source_.take();
    if (operands_.empty() && alternatives_.empty())
      return negated ? "[^" + members_ + "]" : "[" + members_ + "]";
    operands_.push_back(operand());
    std::string matcher;
    for (size_t i = 0; i + 1 < operands_.size(); ++i)
      matcher += "(?=" + operands_[i] + ")";
    matcher += operands_.back();
    return negated ? "(?:(?!" + matcher + ")(?s:.))" : "(?:" + matcher + ")";
  }

private:
  Status element(int depth);
  Status addRange(char32_t first, char32_t last);
  Status addSet(const ClassItem &set);

  std::string operand() {
    std::vector<std::string> parts = std::move(alternatives_);
    alternatives_.clear();
    if (!members_.empty())
      parts.insert(parts.begin(), "[" + members_ + "]");
    members_.clear();
    if (parts.empty())
      return "(?!)"; // an empty operand matches nothing
    std::string joined = "(?:" + parts[0];
    for (size_t i = 1; i < parts.size(); ++i)
      joined += "|" + parts[i];
    return joined + ")";
  }

  RegexSource &source_;
  bool caseless_;
  std::string members_;                   // of the present operand, between PCRE2's brackets
  std::vector<std::string> alternatives_; // its parts that cannot stand between brackets
  std::vector<std::string> operands_;     // finished ones, before each '&&'
};

Status ClassTranslator::element(int depth) {
  std::string_view rest = source_.rest();
  if (rest.substr(0, 2) == "&&") {
    source_.take(), source_.take();
    operands_.push_back(operand());
    return Status::ok();
  }
  if (rest.substr(0, 2) == "[:") {
    size_t end = rest.find(":]");
    bool negated = rest.size() > 2 && rest[2] == '^';
    size_t nameAt = negated ? 3 : 2;
    if (end != std::string_view::npos && end >= nameAt) {
      std::optional<std::string> members = posixMembers(rest.substr(nameAt, end - nameAt));
      if (!members)
        return source_.unknown("the POSIX class " + quoteForMessage(rest.substr(0, end + 2)));
      for (size_t i = 0; i < end + 2; ++i)
        source_.take();
      std::string_view name = rest.substr(nameAt, end - nameAt);
      ClassItem item{negated ? ClassItem::NegatedSet : ClassItem::Set, 0, *members, name == "upper" || name == "lower"};
      return addSet(item);
    }
  }
  if (rest[0] == '[') {
    TENON_ASSIGN(std::string nested, ClassTranslator(source_, caseless_).run(depth + 1));
    alternatives_.push_back(std::move(nested));
    return Status::ok();
  }
  auto takeItem = [&]() -> Result<ClassItem> {
    if (source_.peek() == '\\')
      return takeEscape(source_, /*inClass=*/true);
    TENON_ASSIGN(char32_t code, source_.takeCharacter());
    return ClassItem{ClassItem::Literal, code, {}, false};
  };
  TENON_ASSIGN(ClassItem item, takeItem());
  if (item.kind != ClassItem::Literal)
    return addSet(item);
  bool isRange = source_.peek() == '-' && source_.peek(1) != ']' && source_.peek(1) != '[' && source_.peek(1) != '\0' &&
                 source_.rest().substr(1, 2) != "&&";
  if (!isRange)
    return addRange(item.code, item.code);
  source_.take();
  TENON_ASSIGN(ClassItem last, takeItem());
  if (last.kind == ClassItem::Literal)
    return addRange(item.code, last.code);
  TENON_TRY(addRange(item.code, item.code)); // [a-\d]: the hyphen is text
  TENON_TRY(addRange('-', '-'));
  return addSet(last);
}

Status ClassTranslator::addRange(char32_t first, char32_t last) {
  if (last < first)
    return source_.broken("ranges that go upwards");
  if (caseless_ && hasLongFold(first, last))
    return source_.unknown("a case-insensitive class with characters that fold into several");
  members_ += hexCode(first);
  if (last != first)
    members_ += "-" + hexCode(last);
  return Status::ok();
}

Status ClassTranslator::addSet(const ClassItem &set) {
  if (caseless_ && set.cased)
    return source_.unknown("a property in a case-insensitive class");
  if (set.kind == ClassItem::Set)
    members_ += set.members;
  else
    alternatives_.push_back(matcherOf(set));
  return Status::ok();
}

} // namespace

Result<char32_t> RegexSource::takeCharacter() {
  if (atEnd())
    return broken("more after the end");
  Character character = characterAt(pattern_, at_);
  at_ += character.length;
  return character.code;
}

std::string RegexSource::where() const {
  return "regular expression " + quoteForMessage(pattern_) + " (at byte " + std::to_string(at_) + ")";
}
Status RegexSource::broken(std::string_view expected) const {
  return Status(Code::InvalidFile, where() + ": expected " + std::string(expected) + ", got something else");
}
Status RegexSource::unknown(std::string_view what) const {
  return Status(Code::Unsupported, where() + ": " + std::string(what) + " is not supported");
}

std::string matcherOf(const ClassItem &item) {
  // PCRE2 is quicker with a property that stands alone than with a class of one.
  bool oneProperty = item.members.starts_with("\\p{") && item.members.find('}') == item.members.size() - 1;
  switch (item.kind) {
  case ClassItem::Literal:
    return hexCode(item.code);
  case ClassItem::Set:
    return oneProperty ? item.members : "[" + item.members + "]";
  case ClassItem::NegatedSet:
    return oneProperty ? "\\P" + item.members.substr(2) : "[^" + item.members + "]";
  }
  return {};
}

Result<ClassItem> takeEscape(RegexSource &source, bool inClass) {
  source.take();
  if (source.atEnd())
    return source.broken("a character after the last backslash");
  TENON_ASSIGN(char32_t code, source.takeCharacter());
  auto literal = [](char32_t c) { return ClassItem{ClassItem::Literal, c, {}, false}; };
  switch (code) {
  case 'd':
  case 'D':
    return set("\\p{Nd}", code == 'D');
  case 's':
  case 'S':
    return set("\\p{White_Space}", code == 'S');
  case 'w':
  case 'W':
    return set(wordMembers(inClass), code == 'W');
  case 'h':
  case 'H':
    return set(*posixMembers("xdigit"), code == 'H');
  case 'p':
  case 'P':
    return takeProperty(source, code == 'P', inClass);
  case 't':
    return literal('\t');
  case 'n':
    return literal('\n');
  case 'r':
    return literal('\r');
  case 'f':
    return literal('\f');
  case 'v':
    return literal('\v');
  case 'a':
    return literal('\a');
  case 'e':
    return literal(0x1B);
  case 'b':
    if (inClass)
      return literal('\b');
    break;
  case 'x': {
    if (source.peek() != '{') {
      TENON_ASSIGN(char32_t byte, takeHex(source, 1, 2));
      if (byte >= 0x80)
        return source.unknown("a raw byte (\\x80 to \\xFF)");
      return literal(byte);
    }
    source.take();
    TENON_ASSIGN(char32_t value, takeHex(source, 1, 6));
    if (source.take() != '}')
      return source.broken("a '}' after \\x{");
    return literal(value);
  }
  case 'u': {
    TENON_ASSIGN(char32_t value, takeHex(source, 4, 4));
    return literal(value);
  }
  case '0': {
    char32_t value = 0;
    for (int i = 0; i < 2 && source.peek() >= '0' && source.peek() <= '7'; ++i)
      value = value * 8 + static_cast<char32_t>(source.take() - '0');
    return literal(value);
  }
  default:
    break;
  }
  bool isLetterOrDigit = (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
  if (isLetterOrDigit)
    return source.unknown("the escape \\" + std::string(1, static_cast<char>(code)));
  return literal(code);
}

Result<std::string> translateClass(RegexSource &source, bool caseless) {
  return ClassTranslator(source, caseless).run(0);
}

} // namespace tenon::text
