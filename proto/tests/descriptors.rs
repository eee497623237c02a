//! What the `.proto` files promise of themselves, checked on the descriptors:
//! every name has a comment, and the naming rules of `buf lint` hold.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::HashSet;

use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    ServiceDescriptorProto,
};

const PACKAGE: &str = "backstock.v1";

/// Numbers of fields in `descriptor.proto`, of which source locations consist.
mod tag {
    pub(crate) const FILE_MESSAGES: i32 = 4;
    pub(crate) const FILE_ENUMS: i32 = 5;
    pub(crate) const FILE_SERVICES: i32 = 6;
    pub(crate) const MESSAGE_FIELDS: i32 = 2;
    pub(crate) const MESSAGE_NESTED: i32 = 3;
    pub(crate) const MESSAGE_ENUMS: i32 = 4;
    pub(crate) const MESSAGE_ONEOFS: i32 = 8;
    pub(crate) const ENUM_VALUES: i32 = 2;
    pub(crate) const SERVICE_METHODS: i32 = 2;
}

fn our_files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(backstock_proto::FILE_DESCRIPTOR_SET).unwrap();
    let files: Vec<_> = set.file.into_iter().filter(|file| file.package() == PACKAGE).collect();
    assert!(files.len() >= 5, "one file for each service");
    files
}

fn index(position: usize) -> i32 {
    i32::try_from(position).unwrap()
}

/// A named thing and where it stands in its file.
struct Place {
    name: String,
    path: Vec<i32>,
}

/// Collects everything in a file that has a name.
#[derive(Default)]
struct Names(Vec<Place>);

impl Names {
    fn of(file: &FileDescriptorProto) -> Self {
        let mut names = Self::default();
        for (i, message) in file.message_type.iter().enumerate() {
            names.add_message(message, "", &[tag::FILE_MESSAGES, index(i)]);
        }
        for (i, an_enum) in file.enum_type.iter().enumerate() {
            names.add_enum(an_enum, "", &[tag::FILE_ENUMS, index(i)]);
        }
        for (i, service) in file.service.iter().enumerate() {
            names.add_service(service, &[tag::FILE_SERVICES, index(i)]);
        }
        names
    }

    fn add(&mut self, name: String, path: &[i32], tail: &[i32]) {
        self.0.push(Place { name, path: [path, tail].concat() });
    }

    fn add_message(&mut self, message: &DescriptorProto, scope: &str, path: &[i32]) {
        let name = format!("{scope}{}", message.name());
        for (i, field) in message.field.iter().enumerate() {
            let tail = [tag::MESSAGE_FIELDS, index(i)];
            self.add(format!("{name}.{}", field.name()), path, &tail);
        }
        for (i, oneof) in message.oneof_decl.iter().enumerate() {
            // An `optional` field has a oneof that no file declares.
            if !oneof.name().starts_with('_') {
                let tail = [tag::MESSAGE_ONEOFS, index(i)];
                self.add(format!("{name}.{}", oneof.name()), path, &tail);
            }
        }
        let scope = format!("{name}.");
        for (i, nested) in message.nested_type.iter().enumerate() {
            self.add_message(nested, &scope, &[path, &[tag::MESSAGE_NESTED, index(i)]].concat());
        }
        for (i, nested) in message.enum_type.iter().enumerate() {
            self.add_enum(nested, &scope, &[path, &[tag::MESSAGE_ENUMS, index(i)]].concat());
        }
        self.add(name, path, &[]);
    }

    fn add_enum(&mut self, an_enum: &EnumDescriptorProto, scope: &str, path: &[i32]) {
        for (i, value) in an_enum.value.iter().enumerate() {
            self.add(value.name().to_owned(), path, &[tag::ENUM_VALUES, index(i)]);
        }
        self.add(format!("{scope}{}", an_enum.name()), path, &[]);
    }

    fn add_service(&mut self, service: &ServiceDescriptorProto, path: &[i32]) {
        for (i, method) in service.method.iter().enumerate() {
            let tail = [tag::SERVICE_METHODS, index(i)];
            self.add(format!("{}.{}", service.name(), method.name()), path, &tail);
        }
        self.add(service.name().to_owned(), path, &[]);
    }
}

fn commented_paths(file: &FileDescriptorProto) -> HashSet<Vec<i32>> {
    let info = file.source_code_info.as_ref().expect("descriptors carry their comments");
    info.location
        .iter()
        .filter(|location| !location.leading_comments().trim().is_empty())
        .map(|location| location.path.clone())
        .collect()
}

/// `SupplyKind` as `SUPPLY_KIND`.
fn upper_snake(pascal: &str) -> String {
    let mut snake = String::new();
    for c in pascal.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_uppercase());
    }
    snake
}

#[test]
fn every_message_field_enum_value_service_and_method_has_a_comment() {
    let mut bare = Vec::new();
    let mut seen = 0;
    for file in our_files() {
        let commented = commented_paths(&file);
        for place in Names::of(&file).0 {
            seen += 1;
            if !commented.contains(&place.path) {
                bare.push(format!("{}: {}", file.name(), place.name));
            }
        }
    }
    assert!(seen > 300, "only {seen} names were looked at");
    assert!(bare.is_empty(), "without a comment: {bare:#?}");
}

#[test]
fn every_enum_value_has_the_prefix_of_its_enum_and_zero_is_unspecified() {
    for an_enum in our_files().iter().flat_map(|file| &file.enum_type) {
        let prefix = upper_snake(an_enum.name());
        let zero = &an_enum.value[0];
        assert_eq!((zero.name(), zero.number()), (&*format!("{prefix}_UNSPECIFIED"), 0));
        for value in &an_enum.value {
            assert!(value.name().starts_with(&format!("{prefix}_")), "{}", value.name());
        }
    }
}

#[test]
fn every_method_has_a_request_and_a_response_of_its_own_name() {
    for service in our_files().iter().flat_map(|file| &file.service) {
        assert!(service.name().ends_with("Service"), "{}", service.name());
        for method in &service.method {
            let (name, package) = (method.name(), PACKAGE);
            assert_eq!(method.input_type(), format!(".{package}.{name}Request"));
            assert_eq!(method.output_type(), format!(".{package}.{name}Response"));
        }
    }
}

#[test]
fn every_file_lies_in_the_directory_of_its_package() {
    for file in our_files() {
        assert!(file.name().starts_with("backstock/v1/"), "{}", file.name());
    }
}

#[test]
fn what_a_request_id_protects_answers_with_a_version() {
    let files = our_files();
    let messages: Vec<_> = files.iter().flat_map(|file| &file.message_type).collect();
    let has = |message: &str, field: &str| {
        let message = messages.iter().find(|m| m.name() == message).unwrap();
        message.field.iter().any(|f| f.name() == field)
    };
    let mutations = files.iter().flat_map(|file| &file.service).flat_map(|s| &s.method);
    let mut checked = 0;
    for method in mutations.filter(|m| has(&format!("{}Request", m.name()), "request_id")) {
        assert!(has(&format!("{}Response", method.name()), "version"), "{}", method.name());
        checked += 1;
    }
    assert!(checked >= 14, "only {checked} mutations were looked at");
}

#[test]
fn what_is_read_at_a_version_says_which_version_it_is_of() {
    let files = our_files();
    let messages: Vec<_> = files.iter().flat_map(|file| &file.message_type).collect();
    let reads = messages.iter().filter(|m| m.field.iter().any(|f| f.name() == "min_version"));
    for request in reads {
        let response = request.name().replace("Request", "Response");
        let response = messages.iter().find(|m| m.name() == response).unwrap();
        assert!(response.field.iter().any(|f| f.name() == "version"), "{}", response.name());
    }
}

/// A caller that reads what it wrote has to know what it is told while that is not there.
#[test]
fn what_is_read_at_a_version_says_how_it_is_refused() {
    let mut checked = 0;
    for file in our_files() {
        let info = file.source_code_info.as_ref().unwrap();
        for place in Names::of(&file).0.iter().filter(|place| place.name.ends_with(".min_version"))
        {
            let at = info.location.iter().find(|location| location.path == place.path).unwrap();
            let comment = at.leading_comments();
            assert!(comment.contains("(VERSION_AHEAD)"), "{}: {comment}", place.name);
            checked += 1;
        }
    }
    assert!(checked >= 13, "only {checked} were looked at");
}

#[test]
fn pages_follow_aip_158() {
    let files = our_files();
    let messages: Vec<_> = files.iter().flat_map(|file| &file.message_type).collect();
    for request in messages.iter().filter(|m| m.name().starts_with("List")) {
        let wanted: &[&str] = if request.name().ends_with("Request") {
            &["page_size", "page_token"]
        } else {
            &["next_page_token"]
        };
        for name in wanted {
            assert!(request.field.iter().any(|f| f.name() == *name), "{}", request.name());
        }
    }
}
