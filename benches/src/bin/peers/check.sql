-- Pairs for which what is left and what the orders took do not make what there was.
with sold as (
    select sku, node, sum(quantity) as units
    from orders, unnest(skus, nodes, quantities) as line (sku, node, quantity)
    where node is not null group by sku, node
)
select count(*) from stock full join sold using (sku, node)
where free + coalesce(units, 0) is distinct from @ON_HAND@
