//! `CatalogService`: items, nodes, the sourcing policy.

use backstock_engine::model::command::{DefineItem, DefineNode, SetPolicy};
use backstock_engine::model::{Item, NodeId, Rule, Sku, SkuNo, Text};
use backstock_proto::v1;
use backstock_proto::v1::catalog_service_server::CatalogService;
use tonic::{Request, Response, Status};

use super::pages::Page;
use super::{Api, errors, nodes, plain, policy};
use crate::status::Violations;

#[tonic::async_trait]
impl CatalogService for Api {
    async fn update_item(
        &self,
        request: Request<v1::UpdateItemRequest>,
    ) -> Result<Response<v1::UpdateItemResponse>, Status> {
        let request = request.into_inner();
        let (item, request_id) = item(&request)?;
        let known = self.engine().item(&item.sku);
        if let (Err(error), false) = (&known, request.allow_missing) {
            return Err(plain(error.clone()));
        }
        let keeps = keeps_title(request.update_mask.as_ref());
        let (sku, mut answer) = (item.sku.clone(), item_message(&item));
        let command = DefineItem { meta: self.meta(request_id, request.validate_only), item };
        let done = if keeps {
            self.engine().ensure_item(command).await
        } else {
            self.engine().define_item(command).await
        };
        let done = done.map_err(plain)?;
        // Checked only, an item that is made sure of need not be there.
        if let Ok(now) = self.engine().item(&sku)
            && (done.is_repeat || keeps)
        {
            answer = item_message(&now);
        }
        let (version, is_repeat) = (done.version.get(), done.is_repeat);
        Ok(Response::new(v1::UpdateItemResponse { item: Some(answer), version, is_repeat }))
    }

    async fn get_item(
        &self,
        request: Request<v1::GetItemRequest>,
    ) -> Result<Response<v1::GetItemResponse>, Status> {
        let v1::GetItemRequest { sku, min_version } = request.into_inner();
        let mut found = Violations::default();
        let sku = found.taken("sku", Sku::new("sku", sku));
        let sku = found.converted(sku)?;
        self.reach(min_version).await?;
        let version = self.version();
        let item = self.engine().item(&sku).map_err(plain)?;
        Ok(Response::new(v1::GetItemResponse { item: Some(item_message(&item)), version }))
    }

    async fn list_items(
        &self,
        request: Request<v1::ListItemsRequest>,
    ) -> Result<Response<v1::ListItemsResponse>, Status> {
        let request = request.into_inner();
        let mut found = Violations::default();
        let page = Page::read(&mut found, request.page_size, &request.page_token);
        let page = found.converted(page)?;
        self.reach(request.min_version).await?;
        let version = self.version();
        let from = SkuNo(u32::try_from(page.from).unwrap_or(u32::MAX));
        let read = self.engine().items(from, page.peek());
        let mut items = read.iter().map(|(_, item)| item_message(item)).collect();
        let next_page_token = page.cut(&mut items);
        Ok(Response::new(v1::ListItemsResponse { items, next_page_token, version }))
    }

    async fn update_node(
        &self,
        request: Request<v1::UpdateNodeRequest>,
    ) -> Result<Response<v1::UpdateNodeResponse>, Status> {
        let _alone = self.0.merging_nodes.lock().await;
        self.change_node(&request.into_inner()).await.map(Response::new)
    }

    async fn get_node(
        &self,
        request: Request<v1::GetNodeRequest>,
    ) -> Result<Response<v1::GetNodeResponse>, Status> {
        let v1::GetNodeRequest { node_id, min_version } = request.into_inner();
        let mut found = Violations::default();
        let id = found.taken("node_id", NodeId::new("node_id", node_id));
        let id = found.converted(id)?;
        self.reach(min_version).await?;
        let version = self.version();
        let node = self.engine().node(&id).map_err(plain)?;
        Ok(Response::new(v1::GetNodeResponse { node: Some(nodes::message(&node)), version }))
    }

    async fn list_nodes(
        &self,
        request: Request<v1::ListNodesRequest>,
    ) -> Result<Response<v1::ListNodesResponse>, Status> {
        let request = request.into_inner();
        let mut found = Violations::default();
        let page = Page::read(&mut found, request.page_size, &request.page_token);
        let page = found.converted(page)?;
        self.reach(request.min_version).await?;
        let version = self.version();
        let all = self.engine().nodes();
        let here = all.iter().skip(page.from).take(page.peek());
        let mut nodes = here.map(|node| nodes::message(node)).collect();
        let next_page_token = page.cut(&mut nodes);
        Ok(Response::new(v1::ListNodesResponse { nodes, next_page_token, version }))
    }

    async fn get_sourcing_policy(
        &self,
        request: Request<v1::GetSourcingPolicyRequest>,
    ) -> Result<Response<v1::GetSourcingPolicyResponse>, Status> {
        self.reach(request.into_inner().min_version).await?;
        let version = self.version();
        let policy = Some(policy::message(&self.engine().policy()));
        Ok(Response::new(v1::GetSourcingPolicyResponse { policy, version }))
    }

    async fn update_sourcing_policy(
        &self,
        request: Request<v1::UpdateSourcingPolicyRequest>,
    ) -> Result<Response<v1::UpdateSourcingPolicyResponse>, Status> {
        let request = request.into_inner();
        let (policy, request_id) = policy::policy(&request)?;
        let mut answer = policy::message(&policy);
        let command = SetPolicy { meta: self.meta(request_id, request.validate_only), policy };
        let error = |error| errors::status(error, &policy::NAMES);
        let done = self.engine().set_policy(command).await.map_err(error)?;
        if done.is_repeat {
            answer = policy::message(&self.engine().policy());
        }
        let (policy, version, is_repeat) = (Some(answer), done.version.get(), done.is_repeat);
        Ok(Response::new(v1::UpdateSourcingPolicyResponse { policy, version, is_repeat }))
    }
}

impl Api {
    async fn change_node(
        &self,
        request: &v1::UpdateNodeRequest,
    ) -> Result<v1::UpdateNodeResponse, Status> {
        let find = |id: &NodeId| self.engine().node(id).map_err(plain);
        let (definition, request_id) = nodes::definition(request, find)?;
        let error = |error| errors::status(error, &nodes::NAMES);
        let (id, mut node) = (definition.id.clone(), nodes::defined(&definition));
        let mut meta = self.meta(request_id, request.validate_only);
        meta.content = Some(nodes::content(request));
        let command = DefineNode { meta, node: definition };
        let done = self.engine().define_node(command).await.map_err(error)?;
        if done.is_repeat {
            let now = self.engine().node(&id).map_err(plain)?;
            node = nodes::message(&now);
        }
        let (node, version, is_repeat) = (Some(node), done.version.get(), done.is_repeat);
        Ok(v1::UpdateNodeResponse { node, version, is_repeat })
    }
}

fn item(
    request: &v1::UpdateItemRequest,
) -> Result<(Item, Option<backstock_engine::model::RequestId>), Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id);
    let paths = request.update_mask.as_ref().map_or(&[][..], |mask| &mask.paths);
    for path in paths.iter().filter(|path| !matches!(path.as_str(), "sku" | "title" | "*")) {
        found.breaks("update_mask", path, Rule::NotOneOf { allowed: "sku, title, *".into() });
    }
    let item = found.required("item", request.item.as_ref()).and_then(|item| {
        let sku = found.taken("item.sku", Sku::new("sku", item.sku.as_str()));
        let title = found.taken("item.title", Text::new("title", item.title.as_str()));
        Some(Item { sku: sku?, title: title? })
    });
    found.converted(item.zip(request_id))
}

/// Whether an item that is there keeps its title: it does where the mask names the
/// SKU alone.
fn keeps_title(mask: Option<&prost_types::FieldMask>) -> bool {
    mask.is_some_and(|mask| !mask.paths.is_empty() && mask.paths.iter().all(|path| path == "sku"))
}

fn item_message(item: &Item) -> v1::Item {
    v1::Item { sku: item.sku.to_string(), title: item.title.as_str().to_owned() }
}
