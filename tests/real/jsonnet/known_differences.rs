//! The known differences; docs/jsonnet.md tells their causes.

/// Whatever the ctx.
const ALL: &[&str] =
    &["bare", "deep", "empty", "hostile", "nulls", "numbers", "other_kinds", "usual"];

/// The templates of the corpus that the two evaluators render differently, each with the ctx over
/// which they do.
pub(super) const KNOWN: &[(&str, &[&str])] = &[
    ("array_comprehension_three_deep", ALL),
    ("array_index_fraction", &["deep", "hostile", "numbers", "other_kinds", "usual"]),
    ("assert_says_cancel", &["bare", "other_kinds"]),
    ("base64", &["hostile"]),
    ("base64_and_back", &["hostile"]),
    ("base64_decode_no_utf8", ALL),
    ("base64_of_unicode", ALL),
    ("bitwise_on_unsafe_integers", ALL),
    ("cancel_by_the_library", ALL),
    ("cancel_inside_another_error", ALL),
    ("cancel_said_by_an_assertion", ALL),
    ("comparison_of_numbers", &["numbers"]),
    ("equality_of_tiny_numbers", ALL),
    ("escape_string_bash", &["nulls", "other_kinds"]),
    ("escape_string_bash_of_null", ALL),
    ("format_exponent", &["numbers"]),
    ("format_exponent_precise", &["numbers"]),
    ("format_general", &["numbers"]),
    ("format_hex_of_zero", ALL),
    ("format_integer", &["numbers"]),
    ("format_text", &["hostile"]),
    ("format_values", &["numbers"]),
    ("hypot_and_powers", ALL),
    ("is_null", ALL),
    ("is_odd_of_a_negative", ALL),
    ("manifest_json", &["hostile"]),
    ("manifest_json_ex", &["hostile"]),
    ("manifest_json_minified", &["hostile"]),
    ("manifest_python", &["deep", "numbers"]),
    ("manifest_xml_escapes", ALL),
    ("number_to_text", &["numbers"]),
    ("number_to_text_of_fractions", ALL),
    ("parse_int_huge", ALL),
    ("parse_int_with_a_plus", ALL),
    ("remove_out_of_bounds", ALL),
    ("repeat_negative", ALL),
    ("split_by_nothing", ALL),
    ("string_escape_hex", ALL),
    ("string_escape_slash", ALL),
    ("string_times", ALL),
    ("text_of_values", &["numbers"]),
    ("wrong_parameter_name", ALL),
];
