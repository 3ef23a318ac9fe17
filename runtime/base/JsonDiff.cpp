#include "runtime/base/JsonDiff.h"

#include <algorithm>
#include <map>

namespace tenon {
namespace {

bool sameLeaf(const JsonValue &a, const JsonValue &b) {
  if (a.kind() != b.kind())
    return false;
  switch (a.kind()) {
  case JsonKind::String: // a brief one may be cut
    return *a.string() == *b.string();
  case JsonKind::Real:
    return *a.real() == *b.real();
  default:
    return a.brief() == b.brief();
  }
}

class Comparison {
public:
  void values(const JsonValue &a, const JsonValue &b) {
    if (full())
      return;
    if (a.kind() == JsonKind::Object && b.kind() == JsonKind::Object)
      return objects(a, b);
    if (a.kind() == JsonKind::Array && b.kind() == JsonKind::Array)
      return arrays(a, b);
    if (sameLeaf(a, b))
      return;
    std::string left = a.brief(), right = b.brief();
    if (left == right) // both cut before they part
      right += " (another end)";
    add(std::move(left), std::move(right));
  }
  std::vector<JsonDifference> take() { return std::move(all_); }

private:
  bool full() const { return all_.size() >= kMaxJsonDifferences; }

  void add(std::optional<std::string> left, std::optional<std::string> right) {
    constexpr size_t kShown = 200;
    std::string path = path_.size() <= kShown ? path_ : path_.substr(0, kShown) + "...";
    all_.push_back({std::move(path), std::move(left), std::move(right)});
  }

  // `step` as one step deeper in the path, while `walk` runs.
  template <typename Walk> void within(const std::string &step, Walk walk) {
    if (full())
      return;
    const size_t length = path_.size();
    path_ += step;
    walk();
    path_.resize(length);
  }

  std::string named(std::string_view key) const {
    const bool plain = std::ranges::none_of(key, [](unsigned char c) { return c < ' ' || c == 0x7f || c == '.'; });
    return (path_.empty() ? "" : ".") + (plain ? std::string(key) : quoteForMessage(key));
  }

  void objects(const JsonValue &a, const JsonValue &b) {
    std::map<std::string_view, std::pair<std::optional<JsonValue>, std::optional<JsonValue>>> members;
    for (const auto [key, value] : a.members())
      members[key].first = value;
    for (const auto [key, value] : b.members())
      members[key].second = value;
    for (const auto &[key, sides] : members)
      within(named(key), [&] { both(sides.first, sides.second); });
  }

  void arrays(const JsonValue &a, const JsonValue &b) {
    const JsonElements left = a.elements(), right = b.elements();
    auto l = left.begin(), r = right.begin();
    for (size_t i = 0; (l != left.end() || r != right.end()) && !full(); ++i) {
      std::optional<JsonValue> x, y;
      if (l != left.end()) {
        x = *l;
        ++l;
      }
      if (r != right.end()) {
        y = *r;
        ++r;
      }
      within("[" + std::to_string(i) + "]", [&] { both(x, y); });
    }
  }

  void both(const std::optional<JsonValue> &a, const std::optional<JsonValue> &b) {
    if (a && b)
      return values(*a, *b);
    add(a ? std::optional(a->brief()) : std::nullopt, b ? std::optional(b->brief()) : std::nullopt);
  }

  std::string path_;
  std::vector<JsonDifference> all_;
};

} // namespace

std::vector<JsonDifference> jsonDifferences(JsonValue left, JsonValue right) {
  Comparison comparison;
  comparison.values(left, right);
  return comparison.take();
}

} // namespace tenon
