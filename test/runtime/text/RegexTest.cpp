// Oniguruma's syntax through PCRE2: what each construct that the two read differently matches. The expectations are
// Oniguruma's documented meaning, checked once against the library itself.
#include "runtime/text/Regex.h"
#include "runtime/text/Pattern.h"
#include "runtime/text/RegexSyntax.h"

#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::text;

namespace {

// All matches of `pattern` in `text`, in brackets.
std::string matches(std::string_view pattern, std::string_view text) {
  Result<std::unique_ptr<Regex>> regex = Regex::compile(pattern);
  if (!regex.isOk())
    return regex.status().message();
  RegexSearch search(**regex);
  search.start(text);
  std::string out;
  for (;;) {
    Result<bool> found = search.next();
    if (!found.isOk())
      return found.status().message();
    if (!*found)
      return out;
    out += "[" + std::string(text.substr(search.begin(), search.end() - search.begin())) + "]";
  }
}

TEST(Regex, SpacesAreTheWhiteSpaceProperty) {
  EXPECT_EQ(matches(R"(\s+)", "a\u180Eb \u00A0\u3000\u0085\u2028c"), "[ \u00A0\u3000\u0085\u2028]");
  EXPECT_EQ(matches(R"([^\s]+)", "a\u180Eb c"), "[a\u180Eb][c]");
  EXPECT_EQ(matches(R"([^\S\n]+)", "a \t\nb"), "[ \t]");
}

TEST(Regex, Words) {
  EXPECT_EQ(matches(R"(\w+)", "ab_\u0301\u203F\u0663 \u24D0-x\u00B2"), "[ab_\u0301\u203F\u0663][\u24D0][x\u00B2]");
  EXPECT_EQ(matches(R"([\w]+)", "x\u00B2y"), "[x][y]"); // in brackets without Latin-1's superscripts
  EXPECT_EQ(matches(R"([\w&&[^\d]]+)", "a1b"), "[a][b]");
  EXPECT_EQ(matches(R"([^\W\d]+)", "a1_b-"), "[a][_b]");
  EXPECT_EQ(matches(R"(\bx)", "x ax \u0301x"), "[x]");
}

TEST(Regex, EscapesThatMeanOtherThings) {
  EXPECT_EQ(matches(R"(\h+)", "0aF g \t"), "[0aF]"); // hexadecimal digits, not spaces
  EXPECT_EQ(matches(R"(\v)", "\n\x0B"), "[\x0B]");   // one character, not vertical space
  EXPECT_EQ(matches(R"(\u0041\x42\x{43})", "ABC"), "[ABC]");
  EXPECT_EQ(matches(R"(\p{^L}+)", "ab12c"), "[12]");
  EXPECT_EQ(matches(R"(\P{^L}+)", "ab12c"), "[ab][c]");
  EXPECT_EQ(matches(R"(\p{uppercase_letter})", "aB"), "[B]");
  EXPECT_EQ(matches(R"(\p{Greek}+)", "\u0342\u03B1\u0301"), "[\u03B1]"); // the script, not its extensions
}

TEST(Regex, Quantifiers) {
  EXPECT_EQ(matches(R"(\d{1,3}+)", "12345 6"), "[12345][6]"); // repeated, not possessive
  EXPECT_EQ(matches(R"(a{2}?b)", "aab b"), "[aab][b]");       // optional, not lazy
  EXPECT_EQ(matches(R"(a{1,2}?)", "aa"), "[a][a]");
  EXPECT_EQ(matches(R"(a{,2}b)", "aaab"), "[aab]");
  EXPECT_EQ(matches(R"(a{b}{)", "a{b}{"), "[a{b}{]");
  EXPECT_EQ(matches(R"(a++a)", "aaa"), "");
  EXPECT_EQ(matches(R"((?:ab){1,2}+)", "ababab"), "[ababab]");
}

TEST(Regex, GroupsAndOptions) {
  EXPECT_EQ(matches(R"(a(?i)b|c)", "aB AB ac aC C"),
            "[aB][ac][aC]"); // the option holds to the end, alternatives included
  EXPECT_EQ(matches(R"((?m:a.b))", "a\nb"), "[a\nb]");
  EXPECT_EQ(matches(R"(a.b)", "a\nb a\rb"), "[a\rb]");
  EXPECT_EQ(matches(R"((?i:'s|'t))", "'S 't '\u017F"), "['S]['t]['\u017F]");
  EXPECT_EQ(matches(R"((?<q>['"])x\k)", "'x'").find("not supported") != std::string::npos, true);
  EXPECT_EQ(matches(R"((['"])x\1)", "'x' 'x\""), "['x']");
  EXPECT_EQ(matches(R"(^a|b$)", "a\nab\nb"), "[a][a][b][b]"); // anchors of lines
}

TEST(Regex, ClassesWithinClasses) {
  EXPECT_EQ(matches(R"([a-c[xy]]+)", "abxz"), "[abx]");
  EXPECT_EQ(matches(R"([a-z&&[^aeiou]]+)", "abcde"), "[bcd]");
  EXPECT_EQ(matches(R"([^a-z&&[^b]]+)", "abA"), "[bA]");
  EXPECT_EQ(matches(R"([]a]+)", "a]b"), "[a]]");
  EXPECT_EQ(matches(R"([a\-c]+)", "a-bc"), "[a-][c]");
  EXPECT_EQ(matches(R"([[:alpha:]_]+)", "a_1"), "[a_]");
  EXPECT_EQ(matches(R"([[:^alpha:]]+)", "a_1b"), "[_1]");
  EXPECT_EQ(matches(R"([[:punct:]]+)", "a+.\u00A7b"), "[+.\u00A7]");
}

TEST(Regex, EmptyMatches) {
  EXPECT_EQ(matches("", "ab"), "[][][]");
  EXPECT_EQ(matches("a?", "ba"), "[][a]"); // the empty match right behind a match is dropped
}

TEST(Regex, RefusedWithTheRightCode) {
  struct Case {
    const char *pattern;
    Code code;
  } cases[] = {
      {"(a", Code::InvalidFile},
      {"a)", Code::InvalidFile},
      {"[a", Code::InvalidFile},
      {"*a", Code::InvalidFile},
      {"[z-a]", Code::InvalidFile},
      {"a\\", Code::InvalidFile},
      {"\\p{Klingon}", Code::Unsupported},
      {"(?~a)", Code::Unsupported},
      {"(?x)a b", Code::Unsupported},
      {"(*FAIL)", Code::Unsupported},
      {"(?{x})", Code::Unsupported},
      {"\\xE2", Code::Unsupported},
      {"\\X", Code::Unsupported},
      {"(?<=a+)b", Code::Unsupported},
      {"(?i:ss)", Code::Unsupported},
      {"(?i)[\\p{Lu}]", Code::Unsupported},
      {"(?i)\u00DF", Code::Unsupported},
      {"\\g<1>", Code::Unsupported},
      {"[[:klingon:]]", Code::Unsupported},
      {"\\x{110000}", Code::InvalidFile},
  };
  for (const Case &one : cases) {
    Result<std::unique_ptr<Regex>> regex = Regex::compile(one.pattern);
    ASSERT_FALSE(regex.isOk()) << one.pattern;
    EXPECT_EQ(regex.status().code(), one.code) << regex.status().message();
  }
  std::string deep(1000, '(');
  EXPECT_FALSE(Regex::compile(deep + "a" + std::string(1000, ')')).isOk());
  EXPECT_FALSE(Regex::compile(std::string(20000, 'a')).isOk());
  EXPECT_FALSE(Regex::compile(std::string(100, '[') + "a" + std::string(100, ']')).isOk());
}

TEST(Regex, BacktrackingHasALimit) {
  Result<std::unique_ptr<Regex>> regex = Regex::compile("(a+a+)+$");
  ASSERT_TRUE(regex.isOk()) << regex.status().message();
  RegexSearch search(**regex);
  std::string text = std::string(60, 'a') + "b";
  search.start(text);
  Result<bool> found = search.next();
  ASSERT_FALSE(found.isOk());
  EXPECT_EQ(found.status().code(), Code::Resource);
  EXPECT_NE(found.status().message().find("(a+a+)+$"), std::string::npos) << found.status().message();
}

TEST(Regex, LongTextsTakeLinearTime) {
  // A UTF-8 check at every match, or a stack that grows with the text, would show here.
  Result<Pattern> pattern =
      Pattern::fromRegex(R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)");
  ASSERT_TRUE(pattern.isOk());
  std::vector<Match> found;
  std::string words, spaces(1 << 20, ' ');
  while (words.size() < (1 << 20))
    words += " word";
  for (const std::string &text : {words, spaces, std::string(1 << 20, 'a'), std::string(1 << 20, '!')}) {
    ASSERT_TRUE(pattern->cut(text, found).isOk());
    EXPECT_EQ(found.back().end, text.size());
  }
}

} // namespace
