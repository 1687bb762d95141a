#include "serve/filter_query.hpp"

#include <utility>

#include "serve/leaf_query.hpp"
#include "serve/text_search.hpp"

namespace daas {

std::string QueryParameters::query(std::string text) {
  const std::string name = "f" + std::to_string(queries_++);
  parameters_.emplace_back(name, std::move(text));
  return "$" + name;
}

std::string QueryParameters::value(std::string raw) {
  const std::string name = "v" + std::to_string(values_++);
  parameters_.emplace_back(name, std::move(raw));
  return "$" + name;
}

Refusal unordered(const Column& column, const Api& api) {
  return {400, "0A000",
          "column " + api.path + "." + column.name + " of type " + column.pg_type +
              " can be compared for equality only",
          "the order of its values is not indexed", "use eq, neq, in, is or isdistinct"};
}

Refusal no_such_operator(const Column& column, const Api& api, bool elements) {
  return {400, "PGRST127", "Feature not implemented",
          "column " + api.path + "." + column.name + " is of type " + column.pg_type +
              (elements ? ", of which cs, cd and ov can't be asked" : ", of which only cs, cd, ov and is can be asked"),
          ""};
}

Refusal no_pattern(const Column& column, const Api& api) {
  return {400, "42883", "operator does not exist for a column of type " + column.pg_type,
          "column " + api.path + "." + column.name + " is of type " + column.pg_type,
          "patterns are for text, character varying and name"};
}

Refusal no_boolean(const Column& column, const Api& api, const std::string& word) {
  return {400, "42804", "argument of IS " + word + " must be type boolean, not type " + column.pg_type,
          "column " + api.path + "." + column.name};
}

namespace {

std::string words_query(const Filter& filter, const Column& column, const Api& api, QueryParameters& parameters) {
  const std::string place = "column " + api.path + "." + column.name;
  if (column.language.empty()) {
    throw Refusal(400, "PGRST127", "Feature not implemented", place + " is not declared as text to search",
                  "its model's option names such columns: daas.alter_model('" + api.model + "', options => '{\"text\": {\"" + column.name + "\": \"english\"}}')");
  }
  if (!filter.language.empty() && filter.language != column.language) {
    throw Refusal(400, "22023", place + " is searched in the language " + column.language + ", not \"" + filter.language + "\"", {},
                  "leave out the language");
  }
  auto words = text_query(parse_text_query(filter.op, filter.values.at(0)), {text_field(column)}, parameters);
  const auto present = parameters.query(solr_field(column) + ":*");
  const auto found = filter.negated ? parameters.query(std::move(words)) : parameters.words(std::move(words));
  // NOT within the words, too, holds for no NULL.
  return "{!bool must=" + present + (filter.negated ? " must_not=" : " must=") + found + "}";
}

/// op(any) and op(all) over a list are the same operator's conditions, joined.
std::string quantified(const Filter& filter, const Column& column, const Api& api,
                       QueryParameters& parameters) {
  const bool any = filter.quantifier == Filter::Quantifier::kAny;
  // A NULL among the values leaves "any" true or unknown and "all" false or unknown.
  if (filter.null_among_values && any == filter.negated) return LeafBuilder::nothing();
  // None of them: any is false and all is true, also of NULL.
  if (filter.values.empty()) return any == filter.negated ? "*:*" : LeafBuilder::nothing();
  if (filter.values.size() > kMostClauses) {
    throw Refusal(400, "54000", "more than 500 values in one list", {}, "split the request");
  }
  const bool must = any == filter.negated;
  std::string query = "{!bool";
  Filter each;
  each.op = filter.op;
  each.negated = filter.negated;
  for (const auto& value : filter.values) {
    each.values = {value};
    query += (must ? " must=" : " should=") +
             parameters.query(filter_query(each, column, api, parameters));
  }
  return query + "}";
}

}  // namespace

std::string filter_query(const Filter& filter, const Column& column, const Api& api,
                         QueryParameters& parameters) {
  if (asks_words(filter.op)) return words_query(filter, column, api, parameters);
  const bool array = element_type(column).has_value();
  if (array != asks_elements(filter.op) && !(array && filter.op == Operator::kIs)) {
    throw no_such_operator(column, api, !array);
  }
  if (filter.quantifier != Filter::Quantifier::kNone) return quantified(filter, column, api, parameters);
  LeafBuilder leaf(column, api, parameters);
  switch (filter.op) {
    case Operator::kIs: {
      const std::string& word = filter.values.at(0);
      if (word == "null" || word == "not_null") {
        const bool present = (word == "not_null") != filter.negated;
        return present ? leaf.exists() : leaf.everything_but(leaf.exists());
      }
      if (column.type != ValueType::kBoolean) throw no_boolean(column, api, word);
      if (word == "unknown")
        return filter.negated ? leaf.exists() : leaf.everything_but(leaf.exists());
      auto holds = leaf.is_boolean(word == "true");
      return filter.negated ? leaf.everything_but(std::move(holds)) : holds;
    }
    case Operator::kIsDistinct: {
      auto same = leaf.equals(filter.values.at(0));
      return filter.negated ? same : leaf.everything_but(std::move(same));
    }
    case Operator::kNeq: {
      auto same = leaf.equals(filter.values.at(0));
      return filter.negated ? same : leaf.exists_but(std::move(same));
    }
    case Operator::kEq: {
      auto same = leaf.equals(filter.values.at(0));
      return filter.negated ? leaf.exists_but(std::move(same)) : same;
    }
    case Operator::kIn: {
      // SQL: = ANY('{}') is false for NULL too, so its negation holds for every row.
      if (filter.values.empty()) return filter.negated ? "*:*" : leaf.nothing();
      auto among = leaf.among(filter.values);
      return filter.negated ? leaf.exists_but(std::move(among)) : among;
    }
    case Operator::kLike:
    case Operator::kILike:
    case Operator::kMatch:
    case Operator::kIMatch: {
      if (column.type != ValueType::kText && column.type != ValueType::kName) throw no_pattern(column, api);
      auto matched = leaf.matches(filter.op, filter.values.at(0));
      return filter.negated ? leaf.exists_but(std::move(matched)) : matched;
    }
    case Operator::kContains:
    case Operator::kContained:
    case Operator::kOverlaps: {
      auto holds = filter.op == Operator::kContains ? leaf.contains(filter.values, filter.null_among_values)
                   : filter.op == Operator::kOverlaps ? leaf.overlaps(filter.values)
                                                      : leaf.is_contained(filter.values);
      return filter.negated ? leaf.exists_but(std::move(holds)) : holds;
    }
    default: {
      if (!has_ordered_twin(column.type)) throw unordered(column, api);
      auto compared = leaf.compares(filter.op, filter.values.at(0));
      return filter.negated ? leaf.exists_but(std::move(compared)) : compared;
    }
  }
}

std::string tree_query(const Filter& filter, bool negated, const Api& api,
                       const std::function<const Column&(const std::string&)>& column,
                       QueryParameters& parameters) {
  if (filter.logic == Filter::Logic::kNone) {
    Filter leaf = filter;
    leaf.negated = filter.negated != negated;
    return filter_query(leaf, column(filter.column), api, parameters);
  }
  // NOT goes down to the leaves, where NULL is known: De Morgan holds in SQL's three values, too.
  const bool inner = filter.negated != negated;
  const bool must = (filter.logic == Filter::Logic::kAnd) != inner;
  std::string query = "{!bool";
  for (const auto& part : filter.parts) {
    query += (must ? " must=" : " should=") +
             parameters.query(tree_query(part, inner, api, column, parameters));
  }
  return query + "}";
}

}  // namespace daas
